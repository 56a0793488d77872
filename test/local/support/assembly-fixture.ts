import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { type Assembly, loadAssembly } from '../../../local/template.ts';

/** Writes a cloud assembly of the given stacks (templates by name) and returns its folder. */
export function writeAssembly(
  folder: string,
  stacks: Readonly<Record<string, object>>,
  assets: Readonly<Record<string, string>> = {},
): string {
  mkdirSync(folder, { recursive: true });
  const artifacts: Record<string, object> = {};
  for (const [name, template] of Object.entries(stacks)) {
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json` },
    };
    artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
    const files = Object.fromEntries(
      Object.entries(assets).map(([hash, source]) => [
        hash,
        { source: { path: source, packaging: 'zip' }, destinations: { here: { objectKey: `${hash}.zip` } } },
      ]),
    );
    writeFileSync(path.join(folder, `${name}.template.json`), JSON.stringify(template));
    writeFileSync(path.join(folder, `${name}.assets.json`), JSON.stringify({ files }));
  }
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ artifacts }));
  return folder;
}

/** An assembly of one stack with these resources. */
export function assemblyOf(folder: string, resources: Readonly<Record<string, object>>): Assembly {
  return loadAssembly(writeAssembly(path.join(folder, 'cdk.out'), { app: { Resources: resources } }));
}

/** A role with one inline policy of these statements. */
export const roleResource = (...Statement: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    Policies: [{ PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement } }],
  },
});
