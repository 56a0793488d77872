import { z } from 'zod';
import type { InputFile, RowShard, RunPlan } from '../contracts/artifacts.ts';
import { runKeys } from '../contracts/keys.ts';
import type { RunRecord } from '../contracts/records.ts';
import {
  type PlanResult,
  type RunRef,
  type RunRequest,
  type Trigger,
  triggerSchema,
} from '../contracts/workflow.ts';
import { PayloadTooLargeError } from '../errors.ts';
import { readSample } from '../input-file.ts';
import { writeJson } from '../json-objects.ts';
import type { ObjectHead, ObjectStore } from '../ports.ts';
import { readAhead } from '../read-ahead.ts';
import { identifyRun, turnOf } from '../run-identity.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { readCsvHeader } from '../tables/csv-header.ts';
import { recogniseOrderColumns } from '../tables/order-columns.ts';
import { planRowShards, SHARD_BYTES } from '../tables/row-shards.ts';

/** Most buckets of a run, as of the shards that a request may ask for. */
const MOST_BUCKETS = 10_000;

/** What gzip usually makes of order lines. */
const GZIP_RATIO = 8;

const inputSchema = z.object({ trigger: triggerSchema, executionId: z.string().optional() });

/** An input file with the offset of its first record. */
interface ReadableFile {
  readonly file: InputFile;
  readonly firstRecord: number;
}

/**
 * Works out which run the trigger means, claims it, and cuts its input into shards of whole rows. A run that another
 * execution has under way, or that is served already, ends this one without a change.
 */
export async function planRun({ trigger }: { trigger: Trigger }, context: StepContext): Promise<PlanResult> {
  const { ports, executionId } = context;
  const { objects, runs, workflow, clock } = ports;
  const identity = await identifyRun(trigger, ports);
  if (identity === undefined) return { outcome: 'nothingToDo' };
  const { run, request } = identity;
  const now = clock.now();
  const startedAt = now.toISOString();
  const turn = turnOf(trigger, now);
  const asked = { ...run, trigger: trigger.trigger, executionId, request, startedAt, turn };
  const record: RunRecord = { ...asked, status: 'running' };
  let claim = await runs.claim(record);
  // An execution that was aborted or timed out, or whose machine lost power, ends without marking its run as failed.
  if (!claim.claimed && claim.existing.status === 'running') {
    const { executionId: holder } = claim.existing;
    if (!(await workflow.isRunning(holder))) claim = await runs.claim(record, holder);
  }
  if (!claim.claimed) {
    if (claim.existing.status !== 'succeeded') return { outcome: 'alreadyRunning', run };
    await serveAgain({ ...run, turn, request }, startedAt, context);
    return { outcome: 'alreadyPublished', run };
  }
  await context.claimed(run);

  // A file that the request reaches twice, by its key and by a prefix, is read once.
  const heads = [...new Map(identity.files.map((head) => [head.key, head])).values()];
  const readable: ReadableFile[] = [];
  for await (const file of readAhead(heads.length, (i) => openFile(objects, heads[i]!, request))) {
    readable.push(file);
  }
  const rowShards = await cutRows(objects, readable, request);
  const nBuckets = bucketsFor(readable, request);

  const keys = runKeys(run);
  const plan: RunPlan = { run, request, files: readable.map(({ file }) => file), rowShards, nBuckets };
  await writeJson(objects, keys.plan, plan);
  await writeJson(objects, keys.rowShards, items(rowShards.length));
  await writeJson(objects, keys.buckets, items(nBuckets));
  await runs.update(run.tenant, run.runId, {
    itemsPerStep: {
      PlanRun: 1,
      BuildFeatures: rowShards.length,
      MergeEntities: nBuckets,
      PrepareFit: 1,
      WriteFeatures: nBuckets,
      SelectModel: 1,
      AssignSegments: nBuckets,
      PublishRun: 1,
    },
  });
  return { outcome: 'planned', run, rowShardsKey: keys.rowShards, bucketsKey: keys.buckets };
}

/** Older content that comes again is served again: all it takes is the pointer. */
async function serveAgain(
  { tenant, dataset, runId, turn, request }: Pick<RunRecord, 'turn' | 'request'> & RunRef,
  publishedAt: string,
  { ports: { runs }, log }: StepContext,
): Promise<void> {
  if ((await runs.dataset(tenant, dataset))?.currentRunId === runId) return;
  const served = await runs.publish({ tenant, dataset, currentRunId: runId, publishedAt, turn, request });
  if (!served) log.warn('not served again: the dataset serves what was asked for later', { runId });
}

const items = (n: number) => Array.from({ length: n }, (_, item) => ({ item }));

async function openFile(objects: ObjectStore, head: ObjectHead, request: RunRequest): Promise<ReadableFile> {
  const { compression, bytes, isWhole } = await readSample(objects, head);
  const { delimiter, header, end } = readCsvHeader(bytes, isWhole, head.key);
  const columns = recogniseOrderColumns(header, request.columns ?? {}, head.key);
  return { file: { ...head, compression, delimiter, header, columns }, firstRecord: end };
}

/**
 * One bucket per 64 MiB of rows, or as many as the request says.
 * @throws PayloadTooLargeError for more input than one run takes
 */
function bucketsFor(readable: readonly ReadableFile[], { shards }: RunRequest): number {
  const bytes = readable.reduce(
    (sum, { file }) => sum + file.size * (file.compression === 'gzip' ? GZIP_RATIO : 1),
    0,
  );
  const nBuckets = shards ?? Math.max(1, Math.ceil(bytes / SHARD_BYTES));
  if (nBuckets <= MOST_BUCKETS) return nBuckets;
  throw new PayloadTooLargeError(
    `The input holds about ${Math.round(bytes / 2 ** 30)} GiB of rows; one run takes ${(MOST_BUCKETS * SHARD_BYTES) / 2 ** 30} GiB. Split it into several datasets.`,
    { reason: 'input_too_large' },
  );
}

/** One shard per 64 MiB, or as many as the request says, shared out by size; a gzip file is one shard. */
async function cutRows(
  objects: ObjectStore,
  readable: readonly ReadableFile[],
  { shards }: RunRequest,
): Promise<RowShard[]> {
  const splittable = readable.filter(({ file }) => file.compression === 'none');
  const total = splittable.reduce((sum, { file }) => sum + file.size, 0);
  const rowShards: RowShard[] = [];
  for (const [index, { file, firstRecord }] of readable.entries()) {
    const add = (start: number, end: number | null) =>
      rowShards.push({ shard: rowShards.length, file: index, start, end });
    if (file.compression === 'gzip') {
      add(firstRecord, null);
      continue;
    }
    const share = shards === undefined ? file.size / SHARD_BYTES : (shards * file.size) / total;
    const nShards = Math.max(1, shards === undefined ? Math.ceil(share) : Math.round(share));
    const layout = { size: file.size, firstRecord, delimiter: file.delimiter, nColumns: file.header.length };
    const read = (start: number, end: number) => objects.read(file.key, { start, end });
    for (const [start, end] of await planRowShards(layout, nShards, read)) add(start, end);
  }
  return rowShards;
}

export const handler = stepHandler('PlanRun', inputSchema, planRun);
