import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TemplateError } from './template-error.ts';
import { resolveIntrinsics, type Scope } from './template-intrinsics.ts';
import { arnOf } from './template-names.ts';
import { nameOf, type RawResource, type Stack, scopeOf, type Template } from './template-scope.ts';

/** A resource with its intrinsics resolved. */
export interface Resource {
  readonly logicalId: string;
  readonly stack: string;
  readonly type: string;
  /** Physical name: the one the template gives, or `<stack>-<logicalId>`. */
  readonly name: string;
  /** Empty for types that have no ARN. */
  readonly arn: string;
  /** Resolved when first read. @throws TemplateError for an intrinsic without a value on this machine */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly raw: RawResource;
}

/** A synthesized cloud assembly (`cdk.out`): all its stacks, references between them resolved. */
export interface Assembly {
  readonly folder: string;
  readonly stacks: readonly Stack[];
  /** Resources of one type, or all, in template order. */
  resources(type?: string): Resource[];
  /** The resource of that ARN. @throws TemplateError when there is none */
  byArn(arn: string): Resource;
  /** Outputs of all stacks by `<stack>.<logicalId>`. */
  outputs(): Record<string, unknown>;
  /** Absolute folder of a function's bundled code. @throws TemplateError when the bundle is missing */
  codeFolder(resource: Resource): string;
}

interface Artifact {
  readonly type: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly file?: string;
  };
}

interface AssetManifest {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (cause) {
    throw new TemplateError(
      `${file} cannot be read as a part of a cloud assembly (${(cause as Error).message}); synthesize the app first`,
    );
  }
}

function toResource(stack: string, logicalId: string, raw: RawResource, scope: Scope): Resource {
  const name = nameOf(stack, logicalId, raw, scope);
  let properties: Record<string, unknown> | undefined;
  return {
    logicalId,
    stack,
    type: raw.Type,
    name,
    arn: arnOf(raw.Type, name) ?? '',
    raw,
    get properties() {
      properties ??= resolveIntrinsics(raw.Properties ?? {}, scope) as Record<string, unknown>;
      return properties;
    },
  };
}

/**
 * Reads a synthesized cloud assembly with all its stacks. Names and ARNs are those of CloudFormation, in account
 * 000000000000 and region eu-central-1.
 *
 * @param folder the `cdk.out` folder
 * @param options.apiUrl what `ApiEndpoint` of the HTTP API stands for
 * @throws TemplateError when the folder is no assembly or holds nested ones
 */
export function loadAssembly(folder: string, { apiUrl = 'http://127.0.0.1:5001' } = {}): Assembly {
  const root = path.resolve(folder);
  const { artifacts } = readJson<{ artifacts: Readonly<Record<string, Artifact>> }>(
    path.join(root, 'manifest.json'),
  );
  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  for (const [id, { type, properties }] of Object.entries(artifacts)) {
    if (type === 'cdk:cloud-assembly')
      throw new TemplateError(`${id} is a nested assembly; point at the folder of the stage itself`);
    if (type === 'aws:cloudformation:stack') {
      const name = properties?.stackName ?? id;
      const template = readJson<Template>(path.join(root, properties?.templateFile ?? `${id}.template.json`));
      stacks.push({ name, template, scope: scopeOf(name, template, stacks, apiUrl) });
    }
    if (type === 'cdk:asset-manifest')
      for (const { source, destinations } of Object.values(
        readJson<AssetManifest>(path.join(root, properties?.file ?? `${id}.json`)).files,
      ))
        for (const { objectKey } of Object.values(destinations))
          if (source.path) assets.set(objectKey, path.resolve(root, source.path));
  }
  if (stacks.length === 0) throw new TemplateError(`${root} holds no stack; synthesize the app first`);

  const all = stacks.flatMap(({ name, template, scope }) =>
    Object.entries(template.Resources ?? {}).map(([id, raw]) => toResource(name, id, raw, scope)),
  );
  return {
    folder: root,
    stacks,
    resources: (type) => all.filter((resource) => type === undefined || resource.type === type),
    byArn(arn) {
      const found = all.find((resource) => resource.arn === arn);
      if (!found) throw new TemplateError(`no resource of the assembly has the ARN ${arn}`);
      return found;
    },
    outputs: () =>
      Object.fromEntries(
        stacks.flatMap(({ name, template, scope }) =>
          Object.entries(template.Outputs ?? {}).map(([id, { Value }]) => [
            `${name}.${id}`,
            resolveIntrinsics(Value, scope),
          ]),
        ),
      ),
    codeFolder({ logicalId, properties }) {
      const key = (properties.Code as { S3Key?: string } | undefined)?.S3Key;
      const code = key && assets.get(key);
      if (!code || !existsSync(code))
        throw new TemplateError(
          `the bundle ${key ?? '(none)'} of ${logicalId} is not in ${root}; synthesize again`,
        );
      return code;
    },
  };
}
