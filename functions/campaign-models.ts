import { createHash } from 'node:crypto';
import type { BoostedTrees } from './campaigns/boosted-trees.ts';
import { COLLECTION, documentId } from './contracts/campaign-collections.ts';
import type { AccountRef } from './contracts/campaign-entities.ts';
import type { MODEL_TYPES, TrainedModel } from './contracts/campaign-records.ts';
import { PREFIX } from './contracts/env.ts';
import { ConflictError, NotFoundError, TessellaError } from './errors.ts';
import { canonicalJson } from './json-objects.ts';
import type { Ports } from './ports.ts';

type Stores = Pick<Ports, 'campaignDocuments' | 'objects'>;
export type ModelType = (typeof MODEL_TYPES)[number];

/** Which model decides for an account, and which did before. Writing it is what activates a model. */
interface ActiveModel {
  /** Null: the rules decide. */
  readonly model_id: string | null;
  readonly former: readonly string[];
}

/** Most former models that are remembered as such. */
const MOST_FORMER = 50;

const activeId = (type: ModelType, configId: number) => documentId(type, String(configId));

/** Where the file of a model lies; its name is the checksum of its bytes. */
export function modelPath({ tenant, configId }: AccountRef, sha256: string): string {
  return `${PREFIX.models}${tenant}/${configId}/${sha256}.json`;
}

/**
 * Writes the file of a model: trees of a classifier, or the settings of a forecaster. Resolves to its path and checksum:
 * equal models are one file.
 */
export async function writeModelFile(
  { objects }: Pick<Ports, 'objects'>,
  account: AccountRef,
  model: object,
): Promise<{ path: string; sha256: string }> {
  const bytes = new TextEncoder().encode(canonicalJson(model));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = modelPath(account, sha256);
  await objects.write(path, bytes, 'application/json');
  return { path, sha256 };
}

const opened = new Map<string, BoostedTrees>();

/** The model of a file, read once per process. @throws TessellaError where its bytes are not those that were written */
export async function openModelFile(
  { objects }: Pick<Ports, 'objects'>,
  path: string,
): Promise<BoostedTrees> {
  const known = opened.get(path);
  if (known) return known;
  const model = await readModelFile(objects, path);
  if (opened.size >= 16) opened.clear();
  opened.set(path, model);
  return model;
}

async function readModelFile(objects: Ports['objects'], path: string): Promise<BoostedTrees> {
  const bytes = await objects.read(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (!path.endsWith(`/${sha256}.json`)) {
    throw new TessellaError(
      `The model ${path} has the checksum ${sha256}: somebody changed the file. Activate another model, or train anew.`,
      { reason: 'model_changed' },
    );
  }
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The model that decides for an account; undefined where the rules do. */
export async function activeModel(
  stores: Pick<Ports, 'campaignDocuments'>,
  { tenant, configId }: AccountRef,
  type: ModelType = 'CAMPAIGN_CLASSIFIER',
): Promise<TrainedModel | undefined> {
  const pointer = await stores.campaignDocuments.get<ActiveModel>(
    tenant,
    COLLECTION.activeModels,
    activeId(type, configId),
  );
  const id = pointer?.value.model_id;
  return id ? modelOf(stores, tenant, id) : undefined;
}

/** One model with the status that it has now; undefined for one of nobody or of another tenant. */
export async function modelOf(
  stores: Pick<Ports, 'campaignDocuments'>,
  tenant: string,
  id: string,
): Promise<TrainedModel | undefined> {
  const found = await stores.campaignDocuments.get<TrainedModel>(tenant, COLLECTION.models, id);
  return found && withStatus(stores, tenant, found.value);
}

/** How much the newest run of the forecasting job made by a model. */
export interface ModelUse {
  readonly predictions_count: number;
  readonly last_used_at: string;
}

/** Notes that a model made predictions; of the same model the later note holds. */
export async function noteModelUse(
  { campaignDocuments }: Pick<Ports, 'campaignDocuments'>,
  tenant: string,
  modelId: string,
  value: ModelUse,
): Promise<void> {
  await campaignDocuments.writeAll([
    { tenant, collection: COLLECTION.modelUses, id: modelId, revision: 1, value },
  ]);
}

/** What was noted of a model; undefined for one that was never used, and for classifiers. */
export async function modelUse(
  { campaignDocuments }: Pick<Ports, 'campaignDocuments'>,
  tenant: string,
  modelId: string,
): Promise<ModelUse | undefined> {
  return (await campaignDocuments.get<ModelUse>(tenant, COLLECTION.modelUses, modelId))?.value;
}

/**
 * Stores a version of a model, and lets it decide where it is the better one.
 * @throws ConflictError where somebody else activated one at the same moment
 */
export async function publishModel(
  stores: Stores,
  account: AccountRef,
  model: TrainedModel,
  isBetter: boolean,
): Promise<TrainedModel> {
  const { id, model_type } = model;
  const collection = COLLECTION.models;
  await stores.campaignDocuments.writeAll([
    { tenant: account.tenant, collection, id, label: model_type, revision: 1, value: model },
  ]);
  if (!isBetter) return model;
  await activateModel(stores, account, model_type, id);
  return { ...model, status: 'ACTIVE', is_active: true };
}

/** A stored model with the status that the pointer of its account gives it. */
export async function withStatus(
  { campaignDocuments }: Pick<Ports, 'campaignDocuments'>,
  tenant: string,
  model: TrainedModel,
): Promise<TrainedModel> {
  if (model.status === 'FAILED' || model.config_id === null) return model;
  const id = activeId(model.model_type, model.config_id);
  const pointer = await campaignDocuments.get<ActiveModel>(tenant, COLLECTION.activeModels, id);
  const isActive = pointer?.value.model_id === model.id;
  const wasActive = pointer?.value.former.includes(model.id) ?? false;
  const status = isActive ? 'ACTIVE' : wasActive ? 'DEPRECATED' : 'READY';
  const use = await modelUse({ campaignDocuments }, tenant, model.id);
  return { ...model, is_active: isActive, status, last_used_at: use?.last_used_at ?? model.last_used_at };
}

/**
 * Lets a model decide for its account, or with null the rules: one conditional write. A model of old comes back with the
 * very bytes that it had.
 * @throws NotFoundError for a model that the account has not, ConflictError where somebody else decided at the same moment
 */
export async function activateModel(
  stores: Stores,
  { tenant, configId }: AccountRef,
  type: ModelType,
  modelId: string | null,
): Promise<void> {
  const model = modelId === null ? undefined : await modelOf(stores, tenant, modelId);
  if (modelId !== null && (model?.config_id !== configId || model.model_type !== type)) {
    throw modelNotFound(modelId);
  }
  if (model) await readModelFile(stores.objects, model.model_path);
  const id = activeId(type, configId);
  const pointer = await stores.campaignDocuments.get<ActiveModel>(tenant, COLLECTION.activeModels, id);
  const before = pointer?.value.model_id ?? null;
  if (before === modelId) return;
  const former = [...new Set([...(before === null ? [] : [before]), ...(pointer?.value.former ?? [])])];
  const written = await stores.campaignDocuments.write<ActiveModel>({
    tenant,
    collection: COLLECTION.activeModels,
    id,
    revision: (pointer?.revision ?? 0) + 1,
    value: { model_id: modelId, former: former.slice(0, MOST_FORMER) },
  });
  if (written) return;
  throw new ConflictError(
    'Somebody else activated a model at the same moment. Read GET /api/v1/models, and decide again.',
    { reason: 'activated_meanwhile' },
  );
}

/** What a route answers for a model of nobody, or of another tenant. */
export function modelNotFound(id: string): NotFoundError {
  return new NotFoundError(
    `There is no model ${id}. GET /api/v1/models lists them; POST /api/v1/classifications/train makes one.`,
    { reason: 'no_such_model' },
  );
}
