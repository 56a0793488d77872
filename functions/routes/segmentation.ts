import {
  decidedRecommendationSchema,
  eligibilitySchema,
  experimentSegmentsSchema,
  recommendationIdSchema,
  recommendationsQuerySchema,
  recommendationsSchema,
  segmentationAnswerSchema,
  segmentationBodySchema,
  segmentationMetricsSchema,
} from '../contracts/api-experiment-segmentation.ts';
import { experimentPathSchema } from '../contracts/api-experiments.ts';
import type { ExperimentRecord, RecommendationRecord } from '../contracts/experiment.ts';
import { NotFoundError } from '../errors.ts';
import { changeSegmentation } from '../experiment-definitions.ts';
import type { ExperimentRef } from '../experiment-ports.ts';
import { counter, countOf } from '../experiments/counters.ts';
import { allocationsOf } from '../experiments/posteriors.ts';
import { liftOverOneForAll, pooled, rateOf } from '../experiments/readout.ts';
import { modeInForce } from '../experiments/segment-key.ts';
import type { Ports } from '../ports.ts';
import { eligibilityNow, recommendationsNow } from '../review-experiment.ts';
import { namedSegments, stateOf } from './experiment-state.ts';
import { defineRoute } from './route.ts';

const ROOT = '/api/v1/segmentation/{experimentId}';
const UNKNOWN = { 404: 'There is no such experiment.' };
const refOf = (tenant: string, experiment_id: string): ExperimentRef => ({ tenant, experiment_id });

/** Configuration of segmentation (S2-04). */
export const getSegmentation = defineRoute({
  method: 'GET',
  path: `${ROOT}/config`,
  scope: 'experiments:read',
  summary: 'Configuration of an experiment’s segmentation',
  params: experimentPathSchema,
  status: 200,
  answer: segmentationAnswerSchema,
  problems: UNKNOWN,
  async handle({ tenant, params: { experimentId } }, ports) {
    const { experiment } = await stateOf(ports, refOf(tenant, experimentId));
    return { body: configOf(experiment) };
  },
});

/** Changes it (S2-05). */
export const putSegmentation = defineRoute({
  method: 'PUT',
  path: `${ROOT}/config`,
  scope: 'experiments:write',
  summary: 'Change the configuration of an experiment’s segmentation',
  params: experimentPathSchema,
  body: segmentationBodySchema,
  status: 200,
  answer: segmentationAnswerSchema,
  problems: { ...UNKNOWN, 409: 'The change would throw away what segments have learned.' },
  async handle({ tenant, params: { experimentId }, body }, ports) {
    return { body: configOf(await changeSegmentation(ports, refOf(tenant, experimentId), body)) };
  },
});

/** What the traffic is enough for (S2-06). */
export const segmentationEligibility = defineRoute({
  method: 'GET',
  path: `${ROOT}/eligibility`,
  scope: 'experiments:read',
  summary: 'Whether an experiment has the traffic for segments, and what to change',
  params: experimentPathSchema,
  status: 200,
  answer: eligibilitySchema,
  problems: UNKNOWN,
  async handle({ tenant, params: { experimentId } }, ports) {
    const state = await stateOf(ports, refOf(tenant, experimentId));
    const eligibility = eligibilityNow(ports, state);
    return {
      body: {
        experiment_id: experimentId,
        eligible_for_segmentation: eligibility.eligibleForSegmentation,
        eligible_for_clustering: eligibility.eligibleForClustering,
        avg_daily_visitors: eligibility.avgDailyVisitors,
        tier: eligibility.tier,
        traffic_quality: eligibility.trafficQuality,
        recommendations: recommendationsNow(ports, state).filter(({ status }) => status === 'pending'),
      },
    };
  },
});

/** The segments so far (S2-07). */
export const experimentSegments = defineRoute({
  method: 'GET',
  path: `${ROOT}/segments`,
  scope: 'experiments:read',
  summary: 'Segments of an experiment with their conversion rates',
  params: experimentPathSchema,
  status: 200,
  answer: experimentSegmentsSchema,
  problems: UNKNOWN,
  async handle({ tenant, params: { experimentId } }, ports) {
    const ref = refOf(tenant, experimentId);
    const { experiment, segments } = await stateOf(ports, ref);
    const n = experiment.variants.length;
    const named = await namedSegments(ports, ref, experiment, segments);
    return {
      body: {
        experiment_id: experimentId,
        segments: named.map(({ key, name, type, sums, characteristics }) => ({
          segment_key: key,
          display_name: name,
          segment_type: type,
          allocations: allocationsOf(sums, n),
          conversions: experiment.variants.reduce(
            (sum, _, v) => sum + countOf(sums, counter.conversions(0, v)),
            0,
          ),
          conversion_rate: rateOf(sums, n),
          characteristics,
        })),
      },
    };
  },
});

/** What is recommended (S2-10). */
export const listRecommendations = defineRoute({
  method: 'GET',
  path: `${ROOT}/recommendations`,
  scope: 'experiments:read',
  summary: 'Recommended changes of segmentation',
  params: experimentPathSchema,
  query: recommendationsQuerySchema,
  status: 200,
  answer: recommendationsSchema,
  problems: UNKNOWN,
  async handle({ tenant, params: { experimentId }, query: { status_filter } }, ports) {
    const all = recommendationsNow(ports, await stateOf(ports, refOf(tenant, experimentId)));
    const recommendations = all.filter(({ status }) => status_filter === 'all' || status === status_filter);
    return { body: { experiment_id: experimentId, recommendations } };
  },
});

const decision = (word: 'accept' | 'dismiss', summary: string, status: 'accepted' | 'dismissed') =>
  defineRoute({
    method: 'POST',
    path: `${ROOT}/recommendations/{id}/${word}`,
    scope: 'experiments:write',
    summary,
    params: experimentPathSchema.extend({ id: recommendationIdSchema }),
    status: 200,
    answer: decidedRecommendationSchema,
    problems: { 404: 'There is no such experiment, or no such recommendation that is pending.' },
    async handle({ tenant, params: { experimentId, id } }, ports) {
      return { body: await decide(ports, refOf(tenant, experimentId), id, status) };
    },
  });

/** Accepts a recommendation: its change is made. */
export const acceptRecommendation = decision(
  'accept',
  'Accept a recommendation: its change is made',
  'accepted',
);

/** Dismisses a recommendation: it does not come again. */
export const dismissRecommendation = decision(
  'dismiss',
  'Dismiss a recommendation: it does not come again',
  'dismissed',
);

/** How segmentation does (S2-11). */
export const segmentationMetrics = defineRoute({
  method: 'GET',
  path: `${ROOT}/metrics`,
  scope: 'experiments:read',
  summary: 'How an experiment’s segmentation does against one variant for everybody',
  params: experimentPathSchema,
  status: 200,
  answer: segmentationMetricsSchema,
  problems: UNKNOWN,
  async handle({ tenant, params: { experimentId } }, ports) {
    const ref = refOf(tenant, experimentId);
    const { experiment, segments } = await stateOf(ports, ref);
    const n = experiment.variants.length;
    const enough = experiment.segmentation.min_samples_per_segment;
    const named = await namedSegments(ports, ref, experiment, segments);
    const best = named
      .filter(({ sums }) => allocationsOf(sums, n) >= enough)
      .map(({ name, sums }) => ({ name, conversion_rate: rateOf(sums, n), lift: liftOverOneForAll(sums, n) }))
      .sort((a, b) => b.conversion_rate - a.conversion_rate)[0];
    return {
      body: {
        mode: modeInForce(experiment.segmentation),
        segments_count: named.length,
        avg_lift: liftOverOneForAll(pooled(segments), n),
        best_segment: best ?? null,
      },
    };
  },
});

/** The change is made first: where it cannot be, the recommendation stays pending. */
async function decide(ports: Ports, ref: ExperimentRef, id: string, status: 'accepted' | 'dismissed') {
  const state = await stateOf(ports, ref);
  const pending = recommendationsNow(ports, state).find(
    (recommendation) => recommendation.id === id && recommendation.status === 'pending',
  );
  if (!pending) {
    throw new NotFoundError(
      `The experiment has no pending recommendation ${id}. GET …/recommendations?status_filter=all lists all of them.`,
      { reason: 'no_such_recommendation' },
    );
  }
  const experiment =
    status === 'accepted'
      ? await changeSegmentation(ports, ref, pending.suggested_config, { decided: true })
      : state.experiment;
  const recommendation: RecommendationRecord = {
    ...pending,
    status,
    decided_at: ports.clock.now().toISOString(),
  };
  await ports.experiments.putRecommendation(ref, recommendation);
  return { recommendation, config: configOf(experiment) };
}

function configOf({ experiment_id, segmentation }: ExperimentRecord) {
  return { experiment_id, ...segmentation, auto_activation_enabled: segmentation.auto_activation };
}
