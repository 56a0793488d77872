import { z } from 'zod';
import {
  type DrilldownPlan,
  type DrilldownRequest,
  MOST_PARENT_CUSTOMERS,
  MOST_PARENTS,
} from '../contracts/drilldown-runs.ts';
import { drilldownKeys } from '../contracts/keys.ts';
import { type DrilldownPlanResult, type DrilldownRef, drilldownRefSchema } from '../contracts/workflow.ts';
import { byAnswerOrder, writeCustomerChunks } from '../customer-chunks.ts';
import { unknownParent } from '../drilldown/explore-subsegments.ts';
import { InvalidDatasetError, NotFoundError } from '../errors.ts';
import { writeJson } from '../json-objects.ts';
import type { Ports } from '../ports.ts';
import { type StepContext, stepHandler } from '../shell.ts';
import { uploadedCustomers } from '../uploaded-customers.ts';
import { readUpload } from '../uploaded-file.ts';

const inputSchema = z.object({ run: drilldownRefSchema });

type UploadRequest = Exclude<DrilldownRequest, { kind: 'segment' }>;

/** Customers that one worker takes on: small parents share a worker, a larger one has its own. */
const CUSTOMERS_PER_ITEM = 20_000;

/**
 * Reads the uploaded file once, checks every customer, and lays the customers down by parent, so that each worker reads
 * its own alone. The members of a published segment lie in its run already.
 * @throws InvalidDatasetError for a file that is not as it should be, naming the first customers at fault
 */
export async function planDrilldown(
  { run }: { readonly run: DrilldownRef },
  { ports, progress }: StepContext,
): Promise<DrilldownPlanResult & { readonly rows: number }> {
  const { tenant, runId, attempt } = run;
  const record = await ports.drilldowns.get(tenant, runId);
  if (record?.attempt !== attempt) {
    throw new NotFoundError(`There is no attempt ${attempt} at the drill-down ${runId}. Ask for it again.`, {
      reason: 'no_such_attempt',
      runId,
    });
  }
  const { request } = record;
  await ports.drilldowns.update({
    ...record,
    status: 'running',
    startedAt: ports.clock.now().toISOString(),
  });
  const keys = drilldownKeys(run);
  const { plan, nCustomers } =
    request.kind === 'segment'
      ? { plan: { request, chunks: [], items: [[request.segmentId]] }, nCustomers: request.size }
      : await planUpload(ports, tenant, request, keys.chunk, progress);
  await writeJson(ports.objects, keys.plan, plan);
  await writeJson(
    ports.objects,
    keys.items,
    plan.items.map((_, item) => ({ item })),
  );
  const now = await ports.drilldowns.get(tenant, runId);
  if (now) {
    const nParents = plan.items.reduce((sum, parents) => sum + parents.length, 0);
    await ports.drilldowns.update({ ...now, attempt, nCustomers, nParents });
  }
  return { itemsKey: keys.items, rows: nCustomers };
}

async function planUpload(
  { objects }: Pick<Ports, 'objects'>,
  tenant: string,
  request: UploadRequest,
  keyOf: (chunk: number) => string,
  progress: (rows: number) => void,
): Promise<{ plan: DrilldownPlan; nCustomers: number }> {
  const { manifest, key, head } = await readUpload({ objects }, tenant, request.uploadId);
  if (head?.etag !== request.etag) {
    throw new NotFoundError(
      `The file of upload ${request.uploadId} is no longer there, or another one. Upload it again.`,
      { reason: 'upload_changed', uploadId: request.uploadId },
    );
  }
  const target = request.kind === 'explore' ? request.options.target_cluster : undefined;
  const all = new Set<number>();
  let read = 0;
  async function* wanted() {
    const file = { key, contentType: manifest.contentType };
    for await (const each of uploadedCustomers(objects, file, request.kind === 'explore')) {
      progress(++read);
      all.add(each.parent);
      if (all.size > MOST_PARENTS) throw tooManyParents();
      if (target === undefined || each.parent === target) yield each;
    }
  }
  const { chunks, counts } = await writeCustomerChunks(objects, keyOf, wanted());
  if (target !== undefined && !counts.has(target)) throw unknownParent(target, [...all]);
  for (const [parent, count] of counts) {
    if (count > MOST_PARENT_CUSTOMERS) throw tooLargeParent(request, parent, count);
  }
  return { plan: { request, chunks, items: batches(counts) }, nCustomers: read };
}

/** The parents of each worker, in the order of the answer. */
function batches(counts: ReadonlyMap<number, number>): number[][] {
  const items: number[][] = [];
  let room = 0;
  for (const [parent, count] of [...counts].sort(([a], [b]) => byAnswerOrder(a, b))) {
    if (items.length === 0 || count > room) {
      items.push([]);
      room = CUSTOMERS_PER_ITEM;
    }
    items.at(-1)!.push(parent);
    room -= count;
  }
  return items;
}

function tooLargeParent({ kind }: UploadRequest, parent: number, count: number): InvalidDatasetError {
  const what = kind === 'explore' ? `Parent ${parent}` : 'The file';
  return new InvalidDatasetError(
    `${what} holds ${count} customers; at most ${MOST_PARENT_CUSTOMERS} are clustered together. Split it into several parents first, for example by a run of the dataset (POST /v1/runs).`,
    { reason: 'too_many_in_parent', parent, found: count, limit: MOST_PARENT_CUSTOMERS },
  );
}

function tooManyParents(): InvalidDatasetError {
  return new InvalidDatasetError(
    `The file names more than ${MOST_PARENTS} parents. Send several files, each with the customers of some parents.`,
    { reason: 'too_many_parents', limit: MOST_PARENTS },
  );
}

export const handler = stepHandler('PlanDrilldown', inputSchema, planDrilldown);
