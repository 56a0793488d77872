import {
  datasetConfigBodySchema,
  datasetDetailSchema,
  datasetPathSchema,
  datasetsPageSchema,
  datasetsQuerySchema,
  datasetVersionQuerySchema,
  expectedVersionQuerySchema,
  savedDatasetSchema,
} from '../contracts/api-datasets.ts';
import type { RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { DatasetRecord } from '../contracts/records.ts';
import { configNotFound, deleteConfig, saveConfig, savedConfig } from '../dataset-configs.ts';
import { inferenceOf } from '../infer-dataset.ts';
import { readJson } from '../json-objects.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import { defineRoute } from './route.ts';

const LIST = 'datasets';
const CONFLICT = 'The configuration is at another version than `expectedVersion`.';

/** Datasets of the tenant: those with a configuration and those that serve a run. */
export const listDatasets = defineRoute({
  method: 'GET',
  path: '/v1/datasets',
  scope: 'datasets:read',
  summary: 'Datasets, by name',
  query: datasetsQuerySchema,
  status: 200,
  answer: datasetsPageSchema,
  async handle({ tenant, query: { limit, cursor } }, { configs, runs }) {
    const [after = ''] = cursor === undefined ? [] : decodeCursor(tenant, LIST, cursor);
    const [configured, published] = await Promise.all([configs.names(tenant), runs.datasets(tenant)]);
    const records = new Map(published.map((record) => [record.dataset, record]));
    const names = [...new Set([...configured, ...records.keys()])].filter((name) => name > after).sort();
    const page = names.slice(0, limit);
    const found = await Promise.all(page.map((dataset) => savedConfig({ configs }, { tenant, dataset })));
    const datasets = page.flatMap((dataset, i) => {
      const saved = found[i];
      const record = records.get(dataset);
      if (!saved && !record) return [];
      return [
        {
          dataset,
          version: saved?.version ?? 0,
          ...(saved?.config.kind && { kind: saved.config.kind }),
          ...(saved && { savedAt: saved.savedAt }),
          ...(record && { current: currentOf(record) }),
        },
      ];
    });
    const last = page.at(-1);
    const more = last !== undefined && names.length > limit;
    return { body: { datasets, ...(more && { cursor: encodeCursor(tenant, LIST, [last]) }) } };
  },
});

/** One dataset: its configuration, or what the last run found out. */
export const getDataset = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset}',
  scope: 'datasets:read',
  summary: 'Configuration of a dataset; what was inferred, while nothing is saved',
  params: datasetPathSchema,
  query: datasetVersionQuerySchema,
  status: 200,
  answer: datasetDetailSchema,
  problems: { 404: 'There is no such configuration, and no run that tells what was inferred.' },
  async handle({ tenant, params: { dataset }, query: { version } }, ports) {
    const [saved, record] = await Promise.all([
      savedConfig(ports, { tenant, dataset }, version),
      ports.runs.dataset(tenant, dataset),
    ]);
    const current = record && { current: currentOf(record) };
    if (saved) {
      const { config, savedAt } = saved;
      return { body: { dataset, version: saved.version, savedAt, config, ...current } };
    }
    if (!record || version !== undefined) throw configNotFound(dataset, version);
    const { currentRunId: runId } = record;
    const plan = await readJson<RunPlan>(ports.objects, runKeys({ tenant, dataset, runId }).plan);
    return { body: { dataset, version: 0, inferred: inferenceOf(plan), ...current } };
  },
});

/** Saves a configuration. */
export const putDataset = defineRoute({
  method: 'PUT',
  path: '/v1/datasets/{dataset}',
  scope: 'datasets:write',
  summary: 'Save the configuration of a dataset as a new version',
  description:
    'It holds from the next run on; what is served stays. The same configuration again is no new version. What is left out is inferred from the data.',
  params: datasetPathSchema,
  query: expectedVersionQuerySchema,
  body: datasetConfigBodySchema,
  status: 200,
  answer: savedDatasetSchema,
  problems: { 409: CONFLICT },
  async handle({ tenant, params: { dataset }, query: { expectedVersion }, body }, ports) {
    const { version, savedAt, config } = await saveConfig(ports, { tenant, dataset }, body, expectedVersion);
    return { body: { dataset, version, savedAt, config } };
  },
});

/** Deletes a configuration. */
export const deleteDataset = defineRoute({
  method: 'DELETE',
  path: '/v1/datasets/{dataset}',
  scope: 'datasets:write',
  summary: 'Delete the configuration of a dataset',
  description:
    'From the next run on everything is inferred again. Segments that are served stay, and old versions can be read by their number.',
  params: datasetPathSchema,
  query: expectedVersionQuerySchema,
  status: 200,
  answer: savedDatasetSchema,
  problems: { 404: 'There is no configuration to delete.', 409: CONFLICT },
  async handle({ tenant, params: { dataset }, query: { expectedVersion } }, ports) {
    const { version, savedAt } = await deleteConfig(ports, { tenant, dataset }, expectedVersion);
    return { body: { dataset, version, savedAt, config: null } };
  },
});

const currentOf = ({ currentRunId, publishedAt }: DatasetRecord) => ({ runId: currentRunId, publishedAt });
