import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import {
  type Context,
  evaluatePath,
  evaluatePerItem,
  evaluateTemplate,
  type Json,
  type State,
} from './workflow-engine.ts';
import { StatesError } from './workflow-error.ts';

/** Largest input of one child, bytes of JSON. */
const CHILD_INPUT_LIMIT = 262_144;

/** The input of one child of a distributed map. */
export interface ChildInput {
  readonly input: Json;
  /** Items in it: 1, or the size of the batch. */
  readonly items: number;
}

interface ItemReader {
  readonly Resource: string;
  readonly Parameters: unknown;
  readonly ReaderConfig?: {
    readonly InputType?: 'JSON' | 'JSONL';
    readonly MaxItems?: number;
    readonly MaxItemsPath?: string;
  };
}

interface ItemBatcher {
  readonly MaxItemsPerBatch?: number;
  readonly MaxItemsPerBatchPath?: string;
  readonly MaxInputBytesPerBatch?: number;
  readonly MaxInputBytesPerBatchPath?: string;
  readonly BatchInput?: unknown;
}

/** A number that a state gives itself or by a path `<field>Path`; undefined when it gives neither. */
export async function numberField(
  fields: object,
  field: string,
  input: Json,
  context: Context,
): Promise<number | undefined> {
  const all = fields as Readonly<Record<string, unknown>>;
  const path = all[`${field}Path`];
  if (typeof path !== 'string') return all[field] as number | undefined;
  const value = await evaluatePath(path, input, context);
  if (typeof value === 'number') return value;
  throw new StatesError('States.Runtime', `${field}Path ${path} is ${JSON.stringify(value)}, not a number`, {
    final: true,
  });
}

async function listObjects(
  s3: S3Client,
  bucket: string,
  prefix: string | undefined,
  limit: number,
): Promise<Json[]> {
  const items: Json[] = [];
  const request = { Bucket: bucket, ...(prefix !== undefined && { Prefix: prefix }) };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, request)) {
    for (const { ETag = '', Key = '', LastModified, Size = 0, StorageClass = 'STANDARD' } of Contents) {
      items.push({
        Etag: ETag,
        Key,
        LastModified: Math.floor((LastModified?.getTime() ?? 0) / 1000),
        Size,
        StorageClass,
      });
    }
    if (items.length >= limit) break;
  }
  return items;
}

async function readObject(s3: S3Client, bucket: string, key: string, type: string): Promise<Json[]> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const text = ((await Body?.transformToString()) ?? '').replace(/^\uFEFF/, '');
  const items: unknown =
    type === 'JSONL'
      ? text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line))
      : JSON.parse(text);
  if (!Array.isArray(items)) throw new Error(`${bucket}/${key} holds no JSON array`);
  return items;
}

/**
 * The items of a distributed map, from S3 or from the state's input.
 * @throws StatesError `States.ItemReaderFailed` when S3 refuses, or what it holds is no list of items
 */
async function readItems(state: State, input: Json, context: Context, s3: S3Client): Promise<Json[]> {
  const reader = state.ItemReader as ItemReader | undefined;
  if (!reader) {
    const items = state.ItemsPath ? await evaluatePath(String(state.ItemsPath), input, context) : input;
    if (Array.isArray(items)) return items;
    throw new StatesError('States.Runtime', 'The items of a map must be an array', { final: true });
  }
  const config = reader.ReaderConfig ?? {};
  const limit = (await numberField(config, 'MaxItems', input, context)) ?? Number.POSITIVE_INFINITY;
  const parameters = (await evaluateTemplate(reader.Parameters, input, context)) as {
    Bucket: string;
    Key: string;
    Prefix?: string;
  };
  try {
    const items = reader.Resource.endsWith(':listObjectsV2')
      ? await listObjects(s3, parameters.Bucket, parameters.Prefix, limit)
      : await readObject(s3, parameters.Bucket, parameters.Key, config.InputType ?? 'JSON');
    return items.slice(0, limit);
  } catch (error) {
    const { name, message } = error as Error;
    throw new StatesError('States.ItemReaderFailed', `${name}: ${message}`);
  }
}

async function inBatches(
  batcher: ItemBatcher,
  items: readonly Json[],
  input: Json,
  context: Context,
): Promise<ChildInput[]> {
  const batchInput =
    batcher.BatchInput === undefined ? undefined : await evaluateTemplate(batcher.BatchInput, input, context);
  const most = (await numberField(batcher, 'MaxItemsPerBatch', input, context)) ?? Number.POSITIVE_INFINITY;
  const limit = (await numberField(batcher, 'MaxInputBytesPerBatch', input, context)) ?? CHILD_INPUT_LIMIT;
  const withItems = (batch: Json[]): Json => ({
    ...(batchInput !== undefined && { BatchInput: batchInput }),
    Items: batch,
  });

  const empty = Buffer.byteLength(JSON.stringify(withItems([])));
  const batches: ChildInput[] = [];
  let batch: Json[] = [];
  let bytes = empty;
  const flush = () => {
    if (batch.length > 0) batches.push({ input: withItems(batch), items: batch.length });
    batch = [];
    bytes = empty;
  };
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (batch.length >= most || bytes + size > Math.min(limit, CHILD_INPUT_LIMIT)) flush();
    batch.push(item);
    bytes += size;
  }
  flush();
  return batches;
}

/**
 * The inputs of all children of a distributed map, in item order: items are read, selected and batched.
 * @param input the state's input after `InputPath`
 */
export async function childInputs(
  state: State,
  input: Json,
  context: Context,
  s3: S3Client,
): Promise<ChildInput[]> {
  const items = await readItems(state, input, context, s3);
  const selector = state.ItemSelector ?? state.Parameters;
  const selected = selector ? await evaluatePerItem(selector, items, input, context) : items;
  const batcher = state.ItemBatcher as ItemBatcher | undefined;
  return batcher
    ? inBatches(batcher, selected, input, context)
    : selected.map((item) => ({ input: item, items: 1 }));
}
