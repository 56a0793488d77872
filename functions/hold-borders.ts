import { decodeArrow } from './arrow/ipc.ts';
import { matrixRow } from './arrow/matrix.ts';
import type { Model, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { featureMatrix } from './feature-shards.ts';
import { type OpenedFormerRun, readFormerLabels } from './former-run.ts';
import type { ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { labelWithMargin, marginForBudget } from './segments/border-customers.ts';
import type { MembershipCounts } from './segments/membership-counts.ts';
import type { HeldBorders } from './segments/run-identities.ts';
import { QuantileDigest } from './stats/quantiles.ts';

/** Cluster of the new run that continues each cluster of the former one; undefined where none does. */
export function homesOf(
  formerSegmentIds: readonly number[],
  segmentIds: readonly number[],
): (number | undefined)[] {
  return formerSegmentIds.map((id) => {
    const cluster = segmentIds.indexOf(id);
    return cluster < 0 ? undefined : cluster;
  });
}

/** A run whose customers at borders may stay where they were. */
export interface BudgetedRun {
  readonly plan: RunPlan;
  readonly model: Model;
  readonly former: OpenedFormerRun;
  /** Segment id per cluster of the new run. */
  readonly segmentIds: readonly number[];
  /** Share of the customers of both runs that may move to another segment, 0..1. */
  readonly budget: number;
}

/**
 * The smallest margin that keeps a run to its churn budget, found from all customers whose former segment is there but not
 * the nearest; `counts` are corrected by those who stay. One bucket is in memory at a time, and a number per such customer.
 */
export async function holdBorders(
  objects: ObjectStore,
  { plan, model, former, segmentIds, budget }: BudgetedRun,
  counts: MembershipCounts,
): Promise<HeldBorders> {
  const { features, labels } = runKeys(plan.run);
  const homes = homesOf(former.segmentIds, segmentIds);
  const gains = new Map<string, { from: number; to: number; home: number; gains: number[] }>();
  const digest = new QuantileDigest();
  let nCustomers = 0;
  const bucketOf = async (bucket: number) => {
    const [rows, labelled] = await Promise.all([
      objects.read(features(bucket)).then(decodeArrow),
      objects.read(labels(bucket)).then(decodeArrow),
    ]);
    return { bucket, data: featureMatrix(rows, model.recipe), labelled };
  };
  for await (const { bucket, data, labelled } of readAhead(plan.nBuckets, bucketOf, 1)) {
    const nearest = labelled.int32('cluster');
    const rowOf = new Map([...labelled.strings('customer_id')].map((id, row) => [id, row]));
    for await (const part of readFormerLabels(objects, former, bucket, plan.nBuckets, false)) {
      for (const [i, id] of part.ids.entries()) {
        const row = rowOf.get(id);
        if (row === undefined) continue;
        nCustomers++;
        const from = part.clusters[i]!;
        const home = homes[from];
        // With the largest margin everybody who can stay does: that tells them and what they would gain.
        const { isHeld, gain } = labelWithMargin(matrixRow(data, row), model.centers, home, 1);
        if (!isHeld || home === undefined) continue;
        const to = nearest[row]!;
        const key = `${from}/${to}`;
        const cell = gains.get(key) ?? { from, to, home, gains: [] };
        gains.set(key, cell);
        cell.gains.push(gain);
        digest.add(gain);
      }
    }
  }
  const margin = marginForBudget(digest, nCustomers, budget);
  let held = 0;
  for (const { from, to, home, gains: found } of gains.values()) {
    const staying = found.filter((gain) => gain <= margin).length;
    held += staying;
    counts.add(from, to, -staying);
    counts.add(from, home, staying);
  }
  return { budget, margin, held, nCustomers };
}
