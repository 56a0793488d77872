import { allocationPolicySchema, SEGMENTATION_DEFAULTS } from '../functions/contracts/experiment.ts';
import {
  type AllocationSettings,
  beliefOf,
  chooseVariant,
  type SegmentBelief,
} from '../functions/experiments/allocation.ts';
import { credibleInterval } from '../functions/experiments/compare-posteriors.ts';
import { allocationIncrements, conversionIncrements } from '../functions/experiments/counters.ts';
import { flatPosteriors, trialsOf } from '../functions/experiments/posteriors.ts';
import { addCounters } from '../functions/stats/add-counters.ts';
import { Random } from '../functions/stats/random.ts';

/** Segments with their share of visitors and the planted rate of each variant: no variant is best everywhere. */
export const PLANTED = [
  { segment: 'source:instagram', share: 0.5, rates: [0.05, 0.12, 0.06] },
  { segment: 'source:google', share: 0.3, rates: [0.1, 0.05, 0.06] },
  { segment: 'source:newsletter', share: 0.2, rates: [0.04, 0.05, 0.09] },
] as const;

/** Who learns: nobody, one bandit for all, or one bandit per segment. */
export const POLICIES = ['uniform', 'global', 'per segment'] as const;
export type SimulatedPolicy = (typeof POLICIES)[number];

/** What one run of one policy came to. */
export interface SimulatedRun {
  /** Regret so far, conversions that the best variants would have given more, after each `step` visitors. */
  readonly regret: readonly number[];
  /** 95% credible intervals of the rates, by segment and variant, that hold the planted rate; and how many there are. */
  readonly covered: number;
  readonly intervals: number;
  /** Fewest visitors that a variant of a segment got. */
  readonly fewest: number;
}

/** Visitors between two looks at the counters: an instance keeps them for two seconds. */
const LOOK = 50;

/** Plays one policy to `visitors` visitors. All chance follows from the seed; visitors are the same for every policy. */
export function simulate(
  policy: SimulatedPolicy,
  seed: number,
  visitors: number,
  step: number,
): SimulatedRun {
  const settings: AllocationSettings = {
    variants: PLANTED[0].rates.map((_, __, { length }) => ({ weight: 1 / length })),
    policy: allocationPolicySchema.parse({ seed, policy: policy === 'uniform' ? 'fixed' : 'thompson' }),
    segmentation: { ...SEGMENTATION_DEFAULTS, enabled: true, mode: 'manual', segment_by: ['source'] },
  };
  const nVariants = settings.variants.length;
  const random = new Random(seed, [1]);
  const counted = PLANTED.map(() => new Map<string, number>());
  let beliefs = new Map<string, SegmentBelief>();
  let lost = 0;
  const regret: number[] = [];
  const add = (place: number, increments: Readonly<Record<string, number>>) => {
    for (const [name, by] of Object.entries(increments))
      counted[place]!.set(name, (counted[place]!.get(name) ?? 0) + by);
  };
  const segments = () =>
    PLANTED.map(({ segment }, i) => ({ segment, sums: Object.fromEntries(counted[i]!) }));

  for (let n = 0; n < visitors; n++) {
    if (n % LOOK === 0) beliefs = new Map();
    const place = pick(random.uniform());
    const { segment, rates } = PLANTED[place]!;
    const luck = random.uniform();
    const learner = policy === 'per segment' ? segment : 'default';
    const belief =
      beliefs.get(learner) ??
      beliefOf(settings, learner === segment ? segments() : pooledSegment(segments()), learner);
    beliefs.set(learner, belief);
    const { variant, chances } = chooseVariant(settings, belief, 'exp_simulation', `visitor ${n}`);
    add(place, allocationIncrements(variant, chances, false, '20260101'));
    if (luck < rates[variant]!) {
      add(place, conversionIncrements({ variant, propensity: chances[variant]!, holdout: false }, 0, 1));
    }
    lost += Math.max(...rates) - rates[variant]!;
    if ((n + 1) % step === 0) regret.push(lost);
  }

  const trials = segments().map(({ sums }) => trialsOf(sums, nVariants));
  const intervals = trials.map((ofSegment) =>
    flatPosteriors(ofSegment).map((posterior) => credibleInterval(posterior)),
  );
  return {
    regret,
    covered: intervals.flatMap((of, i) =>
      of.filter(([low, high], v) => low <= PLANTED[i]!.rates[v]! && PLANTED[i]!.rates[v]! <= high),
    ).length,
    intervals: intervals.flat().length,
    fewest: Math.min(...trials.flat().map(({ successes, failures }) => successes + failures)),
  };
}

const pooledSegment = (segments: readonly { readonly sums: Readonly<Record<string, number>> }[]) => [
  { segment: 'default', sums: addCounters(segments.map(({ sums }) => sums)) },
];

function pick(uniform: number): number {
  let rest = uniform;
  const place = PLANTED.findIndex(({ share }) => {
    rest -= share;
    return rest < 0;
  });
  return place < 0 ? PLANTED.length - 1 : place;
}
