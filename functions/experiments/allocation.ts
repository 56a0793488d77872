import type {
  AllocationPolicy,
  SegmentationConfig,
  SegmentCounters,
  VariantRecord,
} from '../contracts/experiment.ts';
import { entityHash } from '../features/entity-hash.ts';
import { drawBeta } from '../stats/draw-beta.ts';
import { Random } from '../stats/random.ts';
import { comparePosteriors, type Posterior } from './compare-posteriors.ts';
import { allocationsOf, posteriorsOf } from './posteriors.ts';

/** The parts of an experiment that allocation depends on. */
export interface AllocationSettings {
  readonly variants: readonly Pick<VariantRecord, 'weight'>[];
  readonly policy: AllocationPolicy;
  readonly segmentation: SegmentationConfig;
}

/** What a segment goes by: fixed chances, or beliefs with the chances that follow from them. */
export interface SegmentBelief {
  /** By variant, summing to 1; what `chooseVariant` will do in the long run. */
  readonly chances: readonly number[];
  /** Absent while the weights decide. */
  readonly posteriors?: readonly Posterior[];
}

/** The variant of one visitor. */
export interface Choice {
  readonly variant: number;
  /** By variant, summing to 1. */
  readonly chances: readonly number[];
  /** Sees the first variant and teaches nothing. */
  readonly holdout: boolean;
}

/** Forks of a visitor's generator, one per question, so that an answer to one changes no other. */
const HOLDOUT = 1;
const VARIANT = 2;

/** What a segment goes by now. Costs some milliseconds: an instance keeps it for as long as it keeps the counters. */
export function beliefOf(
  { variants, policy, segmentation }: AllocationSettings,
  segments: readonly SegmentCounters[],
  segment: string,
): SegmentBelief {
  const nVariants = variants.length;
  const allocated = segments.reduce((sum, { sums }) => sum + allocationsOf(sums, nVariants), 0);
  if (policy.policy === 'fixed' || allocated < policy.burn_in) {
    return { chances: variants.map(({ weight }) => weight) };
  }
  const posteriors = posteriorsOf({ nVariants, policy, segmentation }, segments, segment);
  const floor = floorOf(policy, nVariants);
  const { toBeBest } = comparePosteriors(posteriors);
  return { posteriors, chances: toBeBest.map((chance) => floor + (1 - nVariants * floor) * chance) };
}

/**
 * The variant of a visitor: Thompson sampling (Thompson, Biometrika 25, 1933), one draw per belief and the highest wins; in a
 * `min_weight` part of the cases any variant. All chance follows from the experiment's seed and the visitor: the same log
 * gives the same allocations.
 */
export function chooseVariant(
  { variants, policy }: AllocationSettings,
  { chances, posteriors }: SegmentBelief,
  experimentId: string,
  user: string,
): Choice {
  const visitor = new Random(policy.seed, [entityHash(`${experimentId}/${user}`)]);
  if (visitor.fork(HOLDOUT).uniform() < policy.holdout) {
    return { variant: 0, chances: variants.map((_, v) => (v === 0 ? 1 : 0)), holdout: true };
  }
  const random = visitor.fork(VARIANT);
  if (!posteriors) return { variant: drawByWeight(random, chances), chances, holdout: false };
  const anyVariant = random.uniform() < variants.length * floorOf(policy, variants.length);
  const variant = anyVariant ? random.integer(variants.length) : drawBest(random, posteriors);
  return { variant, chances, holdout: false };
}

/** The floor that leaves room for all. */
function floorOf({ min_weight }: AllocationPolicy, nVariants: number): number {
  return Math.min(min_weight, 1 / nVariants);
}

function drawBest(random: Random, posteriors: readonly Posterior[]): number {
  const draws = posteriors.map(({ successes, failures }) => drawBeta(random, successes, failures));
  return draws.reduce((best, draw, v) => (draw > draws[best]! ? v : best), 0);
}

function drawByWeight(random: Random, weights: readonly number[]): number {
  let rest = random.uniform();
  for (const [v, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return v;
  }
  // Rounding left a crumb: the last variant that has a weight.
  return weights.findLastIndex((weight) => weight > 0);
}
