import type { ArrowColumns } from './arrow/columns.ts';
import { arrowFileChunks, decodeArrow } from './arrow/ipc.ts';
import type { RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { LabelWrites } from './contracts/records.ts';
import { readJson, writeJson } from './json-objects.ts';
import { readAhead } from './read-ahead.ts';
import { MoveCauses, type MoveShares } from './segments/move-causes.ts';
import type { BucketLabelWrites, RunIdentities } from './segments/run-identities.ts';
import type { StepContext } from './shell.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** `flow.json`: what became of the segments and customers of the run that was served before. */
export interface RunFlow extends Omit<RunIdentities, 'segmentIds'> {
  readonly causes: MoveShares;
}

/**
 * Writes what became of the former run's segments, and who changed segment: one file for the program that acts on it.
 * Returns what writing the labels took.
 */
export async function writeFlow(
  { ports: { objects } }: StepContext,
  { run, nBuckets }: RunPlan,
  { segmentIds: _, ...identities }: RunIdentities,
): Promise<LabelWrites> {
  const keys = runKeys(run);
  const causes = new MoveCauses();
  const total = { written: 0, unchanged: 0, left: 0 };
  const writesOf = (bucket: number) => readJson<BucketLabelWrites>(objects, keys.labelWrites(bucket));
  for await (const { written, unchanged, left, causes: part } of readAhead(nBuckets, writesOf)) {
    total.written += written;
    total.unchanged += unchanged;
    total.left += left;
    causes.merge(part);
  }
  async function* changes(): AsyncGenerator<ArrowColumns> {
    for await (const bytes of readAhead(nBuckets, (bucket) => objects.read(keys.changes(bucket)))) {
      const file = decodeArrow(bytes);
      yield {
        customer_id: file.strings('customer_id'),
        from_segment: file.int32('from_segment'),
        to_segment: file.int32('to_segment'),
      };
    }
  }
  await objects.writeStream(keys.allChanges, arrowFileChunks(changes()), ARROW_TYPE);
  const flow: RunFlow = { ...identities, causes: causes.shares() };
  await writeJson(objects, keys.flow, flow);
  const { borders } = identities;
  return { ...total, ...(borders && { held: borders.held }) };
}
