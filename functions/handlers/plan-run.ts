import { z } from 'zod';
import type { InputFile, OrderFile, RowShard, RunPlan } from '../contracts/artifacts.ts';
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
import { objectSource } from '../input-file.ts';
import { writeJson } from '../json-objects.ts';
import type { ObjectHead, ObjectStore } from '../ports.ts';
import { readAhead } from '../read-ahead.ts';
import { identifyRun, turnOf } from '../run-identity.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { openTable, whyNotCut } from '../tables/open-table.ts';
import { ORDER_ROLES, recogniseOrderColumns } from '../tables/order-columns.ts';
import { orderFormats } from '../tables/order-formats.ts';
import { planRanges } from '../tables/plan-ranges.ts';
import { SHARD_BYTES } from '../tables/row-shards.ts';
import { sampleRows } from '../tables/sample-rows.ts';

/** Most buckets of a run, as of the shards that a request may ask for. */
const MOST_BUCKETS = 10_000;

/** What compression usually makes of order lines. */
const COMPRESSION_RATIO = 8;

/** About how many bytes the rows of a file take as plain text. */
function textBytes({ size, layout: { compression, format } }: InputFile): number {
  const isCompressed = compression === 'gzip' || format === 'parquet' || format === 'xlsx';
  return size * (isCompressed ? COMPRESSION_RATIO : 1);
}

const inputSchema = z.object({ trigger: triggerSchema, executionId: z.string().optional() });

/**
 * Works out which run the trigger means, claims it, and cuts its input into shards of whole rows. A run that another
 * execution has under way, or that is served already, ends this one without a change.
 */
export async function planRun({ trigger }: { trigger: Trigger }, context: StepContext): Promise<PlanResult> {
  const { ports, executionId } = context;
  const { objects, runs, workflow, clock } = ports;
  const identity = await identifyRun(trigger, ports);
  if (identity === undefined) return { outcome: 'nothingToDo' };
  const { run, request, config } = identity;
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
  const files: OrderFile[] = [];
  for await (const file of readAhead(heads.length, (i) => openFile(objects, heads[i]!, request))) {
    files.push(file);
  }
  const rowShards = await cutRows(objects, files, request);
  const nBuckets = bucketsFor(files, request);

  const keys = runKeys(run);
  const plan: RunPlan = { run, request, config, kind: 'orders', recipe: 'rfm', files, rowShards, nBuckets };
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

async function openFile(objects: ObjectStore, head: ObjectHead, request: RunRequest): Promise<OrderFile> {
  const source = objectSource(objects, head);
  const layout = await openTable(source);
  const columns = recogniseOrderColumns(layout.header, request.columns ?? {}, head.key);
  const selected = ORDER_ROLES.map((role) => layout.header.indexOf(columns[role]));
  const formats = await orderFormats(sampleRows(source, layout, selected), head.key, columns);
  return { ...head, layout, columns, formats };
}

/**
 * One bucket per 64 MiB of rows, or as many as the request says.
 * @throws PayloadTooLargeError for more input than one run takes
 */
function bucketsFor(files: readonly InputFile[], { shards }: RunRequest): number {
  const bytes = files.reduce((sum, file) => sum + textBytes(file), 0);
  const nBuckets = shards ?? Math.max(1, Math.ceil(bytes / SHARD_BYTES));
  if (nBuckets <= MOST_BUCKETS) return nBuckets;
  throw new PayloadTooLargeError(
    `The input holds about ${Math.round(bytes / 2 ** 30)} GiB of rows; one run takes ${(MOST_BUCKETS * SHARD_BYTES) / 2 ** 30} GiB. Split it into several datasets.`,
    { reason: 'input_too_large' },
  );
}

/** One shard per 64 MiB, or as many as the request says, shared out by size; a file that cannot be cut is one shard. */
async function cutRows(
  objects: ObjectStore,
  files: readonly InputFile[],
  { shards }: RunRequest,
): Promise<RowShard[]> {
  const splittable = files.filter(({ layout }) => whyNotCut(layout) === undefined);
  const total = splittable.reduce((sum, { size }) => sum + size, 0);
  const rowShards: RowShard[] = [];
  for (const [index, file] of files.entries()) {
    const share = shards === undefined ? textBytes(file) / SHARD_BYTES : (shards * file.size) / total;
    const nShards = Math.max(1, shards === undefined ? Math.ceil(share) : Math.round(share));
    for (const range of await planRanges(objectSource(objects, file), file.layout, nShards)) {
      rowShards.push({ shard: rowShards.length, file: index, ...range });
    }
  }
  return rowShards;
}

export const handler = stepHandler('PlanRun', inputSchema, planRun);
