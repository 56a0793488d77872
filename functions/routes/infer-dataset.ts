import { datasetPathSchema, inferenceAnswerSchema, inferenceBodySchema } from '../contracts/api-datasets.ts';
import { datasetConfigSchema } from '../contracts/dataset.ts';
import { saveConfig, savedConfig } from '../dataset-configs.ts';
import { inferenceOf } from '../infer-dataset.ts';
import { planInput } from '../plan-input.ts';
import type { ObjectHead } from '../ports.ts';
import { resolveFile } from '../run-identity.ts';
import { defineRoute } from './route.ts';
import { checkOwner } from './start-run.ts';

/** Files that are looked at: an answer has to come within seconds. */
const FILES_LOOKED_AT = 10;

/** Looks at files without running anything, and saves what was found if asked to. */
export const inferDataset = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset}/inference',
  scope: 'datasets:write',
  summary: 'What the files of a dataset say about it: kind, id, time, types, features',
  description: 'What is configured already stays as it is. Nothing is run; `save` keeps the answer.',
  params: datasetPathSchema,
  body: inferenceBodySchema,
  status: 200,
  answer: inferenceAnswerSchema,
  problems: {
    403: 'The key lacks the scope, or a file belongs to another tenant.',
    409: 'The configuration is at another version than `expectedVersion`.',
    422: 'A file cannot be read as a table.',
  },
  async handle({ tenant, params: { dataset }, body: { files, save, expectedVersion } }, ports) {
    for (const [index, key] of files.entries()) checkOwner(tenant, key, index);
    const heads: ObjectHead[] = [];
    for (const file of files) {
      if (heads.length < FILES_LOOKED_AT) heads.push(...(await resolveFile(file, tenant, ports)));
    }
    const saved = await savedConfig(ports, { tenant, dataset });
    const config = saved?.config ?? datasetConfigSchema.parse({});
    const looked = heads.slice(0, FILES_LOOKED_AT);
    const request = { files: looked.map(({ key }) => key), shards: 1 };
    const planned = await planInput(ports.objects, looked, request, config);
    const inferred = inferenceOf({ ...planned, config });
    const kept = save && (await saveConfig(ports, { tenant, dataset }, inferred.config, expectedVersion));
    return { body: { dataset, version: (kept || saved)?.version ?? 0, inferred } };
  },
});
