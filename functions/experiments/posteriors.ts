import type { AllocationPolicy, SegmentationConfig, SegmentCounters } from '../contracts/experiment.ts';
import { addCounters } from '../stats/add-counters.ts';
import type { Posterior } from './compare-posteriors.ts';
import { counter, countOf, MILLION } from './counters.ts';
import { liesIn, parentKeys } from './segment-key.ts';

type Sums = SegmentCounters['sums'];

/** What learning depends on. */
export interface LearningSettings {
  readonly nVariants: number;
  readonly policy: Pick<AllocationPolicy, 'warm_start'>;
  readonly segmentation: Pick<SegmentationConfig, 'min_samples_per_segment'>;
}

/** Visitors allocated in one segment, the holdout left out. */
export function allocationsOf(sums: Sums, nVariants: number): number {
  return range(nVariants).reduce((sum, v) => sum + countOf(sums, counter.allocations(v)), 0);
}

/** Successes and failures of each variant on the learned goal, in visitors. */
export function trialsOf(sums: Sums, nVariants: number, goal = 0): Posterior[] {
  return range(nVariants).map((v) => {
    const trials = countOf(sums, counter.allocations(v));
    // A conversion can be counted before this reader sees its allocation.
    const successes = Math.min(trials, countOf(sums, counter.rewards(goal, v)) / MILLION);
    return { successes, failures: trials - successes };
  });
}

/** Posteriors from trials alone: every rate is as likely as every other beforehand. */
export function flatPosteriors(trials: readonly Posterior[]): Posterior[] {
  return trials.map(({ successes, failures }) => ({ successes: 1 + successes, failures: 1 + failures }));
}

/**
 * What a segment believes of each variant. With enough visitors of its own it learns by itself, and what the rest of its
 * parent knows counts as `warm_start` visitors; with fewer it believes what the nearest parent with enough visitors does,
 * the whole experiment being the last.
 */
export function posteriorsOf(
  { nVariants, policy, segmentation }: LearningSettings,
  segments: readonly SegmentCounters[],
  segment: string,
): Posterior[] {
  const sumsIn = (key: string) =>
    addCounters(segments.filter(({ segment: other }) => liesIn(other, key)).map(({ sums }) => sums));
  const everything = addCounters(segments.map(({ sums }) => sums));
  const enough = (sums: Sums) => allocationsOf(sums, nVariants) >= segmentation.min_samples_per_segment;
  const own = sumsIn(segment);
  const parents = [...parentKeys(segment).map(sumsIn).filter(enough), everything];
  const parent = parents[0]!;
  if (!enough(own)) return flatPosteriors(trialsOf(parent, nVariants));
  const trials = trialsOf(own, nVariants);
  const others = trialsOf(parent, nVariants).map(({ successes, failures }, v) => ({
    // Its own visitors are not counted twice.
    successes: Math.max(0, successes - trials[v]!.successes),
    failures: Math.max(0, failures - trials[v]!.failures),
  }));
  return flatPosteriors(trials).map(({ successes, failures }, v) => {
    const known = others[v]!;
    const n = known.successes + known.failures;
    const scale = n === 0 ? 0 : Math.min(policy.warm_start, n) / n;
    return {
      successes: successes + known.successes * scale,
      failures: failures + known.failures * scale,
    };
  });
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
