import { z } from 'zod';
import type { DrilldownPlan } from '../contracts/drilldown-runs.ts';
import { drilldownKeys } from '../contracts/keys.ts';
import type { ChildSegment } from '../contracts/segment-drilldown.ts';
import { type DrilldownRef, drilldownRefSchema } from '../contracts/workflow.ts';
import { exploreEcho } from '../drilldown/explore-subsegments.ts';
import { readJson } from '../json-objects.ts';
import type { ObjectStore } from '../ports.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ run: drilldownRefSchema });

/** Puts the parts of the answer together, in the memory of one, shows the children of a segment, and marks the drill-down as done. */
export async function publishDrilldown(
  { run }: { readonly run: DrilldownRef },
  { ports }: StepContext,
): Promise<{ readonly bytes: number }> {
  const { objects, drilldowns, clock } = ports;
  const { tenant, runId, attempt } = run;
  const keys = drilldownKeys(run);
  const plan = await readJson<DrilldownPlan>(objects, keys.plan);
  const text = answerText(objects, plan, keys.part);
  const written = await objects.writeStream(keys.result, text, 'application/json');
  const { request } = plan;
  if (request.kind === 'segment') {
    const { dataset, sourceRunId, segmentId } = request;
    await ports.childSegments.publish(
      {
        tenant,
        dataset,
        runId: sourceRunId,
        segmentId,
        drilldownId: runId,
        drilledAt: clock.now().toISOString(),
      },
      await readJson<ChildSegment[]>(objects, keys.children),
    );
  }
  const record = await drilldowns.get(tenant, runId);
  if (record?.attempt === attempt) {
    await drilldowns.update({
      ...record,
      status: 'succeeded',
      finishedAt: clock.now().toISOString(),
      result: { key: keys.result, ...written },
    });
  }
  return { bytes: written.bytes };
}

/** The text that the inline route would answer with. */
async function* answerText(
  objects: ObjectStore,
  { request, items }: DrilldownPlan,
  partOf: (item: number) => string,
): AsyncGenerator<Uint8Array> {
  const encode = (text: string) => new TextEncoder().encode(text);
  if (request.kind !== 'explore') {
    yield* objects.stream(partOf(0));
    return;
  }
  yield encode('{"subsegment_results":{');
  for (const item of items.keys()) {
    if (item > 0) yield encode(',');
    yield* objects.stream(partOf(item));
  }
  yield encode(`},"options":${JSON.stringify(exploreEcho(request.options))}}`);
}

export const handler = stepHandler('PublishDrilldown', inputSchema, publishDrilldown);
