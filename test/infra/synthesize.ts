import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createApp } from '../../infra/app.ts';
import { type Config, DRILLDOWN_FUNCTIONS, handlerName, WORKFLOW_FUNCTIONS } from '../../infra/config.ts';

const statementSchema = z.object({
  Effect: z.literal('Allow').or(z.literal('Deny')),
  Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
  Resource: z.unknown(),
  Condition: z.unknown().optional(),
});
/** One statement of an identity policy; `Resource` still holds its intrinsic functions. */
export type Statement = z.output<typeof statementSchema>;

const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});
/** A synthesized CloudFormation template. */
export type StackTemplate = z.output<typeof templateSchema>;

/** A folder of bundles that only have to exist: what is in them is no business of the infrastructure. */
export function emptyBundles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessella-bundles-'));
  for (const name of [
    ...WORKFLOW_FUNCTIONS,
    ...DRILLDOWN_FUNCTIONS,
    'Http',
    'Authorizer',
    'OpenapiHttp',
    'HealthHttp',
    'DrilldownHttp',
    'RunSchedules',
    'DatasetsHttp',
    'ExperimentsHttp',
    'TrainingHttp',
    'ReviewExperiments',
    'SegmentationHttp',
    'FilesHttp',
    'CampaignsHttp',
    'CampaignJobs',
    'WebhooksHttp',
    'DeliverWebhooks',
  ]) {
    mkdirSync(join(folder, handlerName(name)));
    writeFileSync(join(folder, handlerName(name), 'index.mjs'), `export const handler = () => '${name}';\n`);
  }
  return folder;
}

/** Synthesizes the app into a fresh folder and reads both templates. */
export function synthesize(options: { config?: Config; bundles?: string } = {}) {
  const outdir = mkdtempSync(join(tmpdir(), 'tessella-cdk-'));
  createApp({ bundles: options.bundles ?? emptyBundles(), ...options, outdir }).synth();
  const json = (file: string): unknown => JSON.parse(readFileSync(join(outdir, file), 'utf8'));
  return {
    outdir,
    files: readdirSync(outdir).sort(),
    data: templateSchema.parse(json('TessellaData.template.json')),
    service: templateSchema.parse(json('TessellaService.template.json')),
    report: json('validation-report.json'),
  };
}

/** Resources of one type, as `[logical id, properties]`. */
export function resourcesOf(template: StackTemplate, type: string): [string, Record<string, unknown>][] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === type)
    .map(([id, { Properties }]) => [id, Properties]);
}

/** All statements of the roles whose logical id starts with `prefix`. */
export function statementsOf(template: StackTemplate, prefix: string): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Roles }]) => JSON.stringify(Roles).includes(`"${prefix}`))
    .flatMap(([, { PolicyDocument }]) => {
      const document = z.object({ Statement: z.array(statementSchema) }).parse(PolicyDocument);
      return document.Statement;
    });
}

/** The resource of a statement with imports, attributes and references written as `<…>`. */
export function resourceText(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  if (Array.isArray(resource)) return resource.map(resourceText).join(' ');
  const [[name = '', argument] = []] = Object.entries(z.record(z.string(), z.unknown()).parse(resource));
  if (name === 'Fn::Join') {
    const [separator, parts] = z.tuple([z.string(), z.array(z.unknown())]).parse(argument);
    return parts.map(resourceText).join(separator);
  }
  return `<${Array.isArray(argument) ? argument.join('.') : String(argument)}>`;
}
