import { readoutQuerySchema, readoutSchema } from '../contracts/api-experiment-readout.ts';
import { experimentPathSchema } from '../contracts/api-experiments.ts';
import type { VariantRecord } from '../contracts/experiment.ts';
import { InvalidRequestError } from '../errors.ts';
import { allocationsOf } from '../experiments/posteriors.ts';
import { pooled, readoutOf, type SegmentReadout } from '../experiments/readout.ts';
import { namedSegments, stateOf } from './experiment-state.ts';
import { defineRoute } from './route.ts';

/** Variants of all segments together that one answer compares: each takes some milliseconds. */
const MOST_COMPARED = 200;

/** What an experiment has shown so far. */
export const experimentReadout = defineRoute({
  method: 'GET',
  path: '/api/v1/experiments/{experimentId}/readout',
  scope: 'experiments:read',
  summary: 'Rates, lift, probability to be best, expected loss and sample-ratio check, per segment',
  description:
    'Where segments learn, their variants do not get visitors alike: compare variants over all segments by `if_for_all`, which weighs that out.',
  params: experimentPathSchema,
  query: readoutQuerySchema,
  status: 200,
  answer: readoutSchema,
  problems: { 404: 'There is no such experiment.' },
  async handle({ tenant, params: { experimentId }, query }, ports) {
    const ref = { tenant, experiment_id: experimentId };
    const { experiment, segments } = await stateOf(ports, ref);
    const { variants, goals } = experiment;
    const goal = query.goal ?? goals[0]!;
    const index = goals.indexOf(goal);
    if (index < 0) {
      throw new InvalidRequestError(
        `Invalid input: the experiment has no goal ${goal}. Its goals are ${goals.join(', ')}.`,
        { reason: 'unknown_goal' },
      );
    }
    const of = (sums: Parameters<typeof readoutOf>[0]) =>
      fieldsOf(readoutOf(sums, variants.length, index), variants);
    const named = (await namedSegments(ports, ref, experiment, segments))
      .map((segment) => ({ ...segment, allocations: allocationsOf(segment.sums, variants.length) }))
      .sort((a, b) => b.allocations - a.allocations);
    const shown = named.slice(0, Math.floor(MOST_COMPARED / variants.length));
    return {
      body: {
        experiment_id: experimentId,
        goal,
        ...of(pooled(segments)),
        segments: shown.map(({ key, name, sums }) => ({ segment_key: key, display_name: name, ...of(sums) })),
        segments_left_out: named.length - shown.length,
      },
    };
  },
});

function fieldsOf(readout: SegmentReadout, variants: readonly VariantRecord[]) {
  const { allocations, conversions, conversionRate, sampleRatio, holdout } = readout;
  return {
    allocations,
    conversions,
    conversion_rate: conversionRate,
    variants: readout.variants.map((variant) => ({
      variant_id: variants[variant.variant]!.variant_id,
      name: variants[variant.variant]!.name,
      allocations: variant.allocations,
      conversions: variant.conversions,
      conversion_rate: variant.conversionRate,
      conversion_rate_interval: pair(variant.interval),
      lift: variant.lift ?? null,
      lift_interval: variant.liftInterval ? pair(variant.liftInterval) : null,
      probability_to_be_best: variant.probabilityToBeBest,
      expected_loss: variant.expectedLoss,
      if_for_all: variant.forAll
        ? {
            ips: variant.forAll.ips,
            ips_error: variant.forAll.ipsError,
            ips_interval: pair(variant.forAll.ipsInterval),
            snips: variant.forAll.snips,
            snips_error: variant.forAll.snipsError,
            snips_interval: variant.forAll.snipsInterval && pair(variant.forAll.snipsInterval),
          }
        : null,
    })),
    sample_ratio: sampleRatio
      ? { chi_square: sampleRatio.chiSquare, p_value: sampleRatio.pValue, mismatch: sampleRatio.mismatch }
      : null,
    holdout: { allocations: holdout.allocations, conversion_rate: holdout.conversionRate },
  };
}

const pair = ([low, high]: readonly [number, number]): [number, number] => [low, high];
