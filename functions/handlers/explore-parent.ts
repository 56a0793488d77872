import { z } from 'zod';
import type { DrilldownPlan, DrilldownRequest } from '../contracts/drilldown-runs.ts';
import { drilldownKeys } from '../contracts/keys.ts';
import { type DrilldownRef, drilldownRefSchema, type ItemResult } from '../contracts/workflow.ts';
import { readCustomers } from '../customer-chunks.ts';
import { exploreParent as explore } from '../drilldown/explore-subsegments.ts';
import { segmentPurchasing } from '../drilldown/segment-purchasing.ts';
import { exploreSegment } from '../explore-segment.ts';
import { readJson, writeJson } from '../json-objects.ts';
import { loadKernels } from '../kernels/instance.ts';
import type { ObjectStore } from '../ports.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ run: drilldownRefSchema, item: z.int().min(0) });

/**
 * Explores the parents of one item, each on its own customers alone, and writes their part of the answer's text: what
 * `JSON.stringify` would print of them. `rows` counts parents.
 */
export async function exploreParent(
  { run, item }: { readonly run: DrilldownRef; readonly item: number },
  { ports: { objects }, progress }: StepContext,
): Promise<ItemResult> {
  const keys = drilldownKeys(run);
  const plan = await readJson<DrilldownPlan>(objects, keys.plan);
  const { request } = plan;
  const parents = plan.items[item] ?? [];
  if (request.kind === 'segment') {
    await writeSegment(run, objects, request);
    return { item, rows: parents.length };
  }
  const [customers, kernels] = await Promise.all([
    readCustomers(objects, keys.chunk, plan.chunks, parents),
    loadKernels(),
  ]);
  const texts: string[] = [];
  for (const parent of parents) {
    const members = customers.get(parent)!;
    if (request.kind === 'segmentation') {
      texts.push(JSON.stringify(segmentPurchasing(kernels, { ...request.options, customers: members })));
    } else {
      const answer = explore(kernels, parent, members, request.options);
      texts.push(`${JSON.stringify(String(parent))}:${JSON.stringify(answer)}`);
    }
    // What has been told is no longer needed; the next parent may be as large.
    customers.delete(parent);
    progress(texts.length);
  }
  await objects.write(keys.part(item), Buffer.from(texts.join(',')), 'application/json');
  return { item, rows: parents.length };
}

/** Splits a published segment, and writes its children apart from the text, which also holds the child of each member. */
async function writeSegment(
  run: DrilldownRef,
  objects: ObjectStore,
  request: Extract<DrilldownRequest, { kind: 'segment' }>,
): Promise<void> {
  const { dataset, sourceRunId, segmentId, options } = request;
  const source = { tenant: run.tenant, dataset, runId: sourceRunId };
  const explored = await exploreSegment(await loadKernels(), objects, source, request);
  const { children, truncated, ids, leaves } = explored;
  const keys = drilldownKeys(run);
  const text = JSON.stringify({
    dataset,
    run_id: sourceRunId,
    segment_id: segmentId,
    truncated,
    segments: children,
    labels: Object.fromEntries(ids.map((id, row) => [id, leaves[row]])),
    options,
  });
  await objects.write(keys.part(0), Buffer.from(text), 'application/json');
  await writeJson(objects, keys.children, children);
}

export const handler = stepHandler('ExploreParent', inputSchema, exploreParent);
