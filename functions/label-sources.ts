import type { FormerRun } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { LabelSource } from './contracts/records.ts';
import type { RunRef } from './contracts/workflow.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';

/**
 * Most runs that the labels of one may lie in. The run after that writes all of its labels: a read goes through a bounded
 * number of items, and runs of long ago can be deleted.
 */
export const MOST_LABEL_SOURCES = 12;

/** Whether a run may leave labels as a former run wrote them. */
export async function canInherit(objects: ObjectStore, run: RunRef): Promise<boolean> {
  return (await inheritedSources(objects, run)).length > 0;
}

/** Where the labels of a run lie, its own first. */
export async function labelSourcesOf(
  objects: ObjectStore,
  run: RunRef,
  segmentIds: readonly number[],
): Promise<LabelSource[]> {
  return [{ runId: run.runId, segmentIds }, ...(await inheritedSources(objects, run))];
}

async function inheritedSources(objects: ObjectStore, run: RunRef): Promise<readonly LabelSource[]> {
  const { served } = await readJson<FormerRun>(objects, runKeys(run).former);
  if (served === null || served.labelSources.length >= MOST_LABEL_SOURCES) return [];
  return served.labelSources;
}
