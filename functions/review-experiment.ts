import type { ExperimentRecord, RecommendationRecord } from './contracts/experiment.ts';
import { ConflictError, InsufficientDataError } from './errors.ts';
import { changedConfig, changeExperiment } from './experiment-definitions.ts';
import type { ExperimentEvent, ExperimentRef, ExperimentState } from './experiment-ports.ts';
import { activationFailed, type ExperimentAlert, staleModel, underperforming } from './experiments/alerts.ts';
import { isStale } from './experiments/cluster-training.ts';
import {
  activation,
  averageDailyVisitors,
  dayOf,
  type Eligibility,
  eligibilityOf,
  suggestionsFor,
} from './experiments/eligibility.ts';
import { allocationsOf } from './experiments/posteriors.ts';
import { pooled, rateOf } from './experiments/readout.ts';
import { displayName, modeInForce, publicKey } from './experiments/segment-key.ts';
import type { Ports } from './ports.ts';
import { trainClusters } from './train-clusters.ts';

type Stores = Pick<
  Ports,
  'experiments' | 'configs' | 'runs' | 'objects' | 'workflow' | 'clock' | 'events' | 'mailer'
>;

/** What the traffic of an experiment allows now. */
export function eligibilityNow({ clock }: Pick<Ports, 'clock'>, { segments }: ExperimentState): Eligibility {
  return eligibilityOf(averageDailyVisitors(segments, clock.now().getTime()));
}

/** What is recommended now, and what was decided before. A dismissed recommendation does not come again. */
export function recommendationsNow(
  stores: Pick<Ports, 'clock'>,
  state: ExperimentState,
): RecommendationRecord[] {
  const decided = state.recommendations.filter(({ status }) => status !== 'pending');
  const before = new Map(state.recommendations.map((recommendation) => [recommendation.id, recommendation]));
  const eligibility = eligibilityNow(stores, state);
  const pending = suggestionsFor(eligibility, state.experiment.segmentation)
    // One that was accepted may be due again after somebody switched segmentation off.
    .filter(({ id }) => before.get(id)?.status !== 'dismissed')
    .map(
      (suggestion): RecommendationRecord => ({
        ...suggestion,
        status: 'pending',
        avg_daily_visitors: eligibility.avgDailyVisitors,
        created_at: before.get(suggestion.id)?.created_at ?? stores.clock.now().toISOString(),
      }),
    );
  const due = new Set(pending.map(({ id }) => id));
  return [...pending, ...decided.filter(({ id }) => !due.has(id))];
}

/** What one look at an experiment did. */
export interface Review {
  readonly activated: boolean;
  readonly retrained: boolean;
  readonly alerts: readonly ExperimentAlert[];
}

/**
 * The look that is taken at every experiment every six hours: turns segmentation on where it is to turn itself on, keeps what
 * is recommended, trains old clusters again, tells what should be looked at, and drops days that no window reaches.
 */
export async function reviewExperiment(stores: Stores, ref: ExperimentRef): Promise<Review> {
  const state = await stores.experiments.state(ref);
  if (!state || state.experiment.status === 'stopped')
    return { activated: false, retrained: false, alerts: [] };
  const nowMs = stores.clock.now().getTime();
  for (const recommendation of recommendationsNow(stores, state)) {
    if (recommendation.status === 'pending') await stores.experiments.putRecommendation(ref, recommendation);
  }
  const { activated, experiment, failure } = await activate(stores, ref, state);
  const served = await stores.runs.dataset(ref.tenant, ref.experiment_id);
  const retrained = await retrain(stores, ref, experiment, served?.publishedAt, nowMs);
  const { segmentation } = experiment;
  const alerts = [
    ...segmentAlerts(state),
    ...activationFailed(
      {
        threshold: segmentation.auto_activation_threshold,
        autoActivation: segmentation.auto_activation,
        enabled: modeInForce(segmentation) !== 'disabled',
      },
      averageDailyVisitors(state.segments, nowMs),
      failure ?? 'unknown',
    ),
    ...(modeInForce(segmentation) === 'auto' ? staleModel(served?.publishedAt, nowMs) : []),
  ];
  await stores.events.publish([
    ...(activated ? [activationEvent(ref, experiment)] : []),
    ...alerts.map((alert): ExperimentEvent => ({ type: 'Experiment Alert', ...ref, detail: { ...alert } })),
  ]);
  if (activated) await tell(stores, experiment);
  await stores.experiments.dropCounters(ref, formerDays(state, nowMs));
  return { activated, retrained, alerts };
}

async function activate(stores: Stores, ref: ExperimentRef, state: ExperimentState) {
  const visitors = averageDailyVisitors(state.segments, stores.clock.now().getTime());
  let activated = false;
  try {
    const experiment = await changeExperiment(stores, ref, (current) => {
      // The newest revision decides: somebody may have switched it on, or off for good, meanwhile.
      const change = activation(current.segmentation, visitors);
      activated = change !== undefined;
      return change && { segmentation: changedConfig(current.segmentation, change) };
    });
    return { activated, experiment };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return { activated: false, experiment: state.experiment, failure: error.message };
  }
}

/** Trains clusters where there are none yet, or old ones that are to be kept fresh. */
async function retrain(
  stores: Stores,
  ref: ExperimentRef,
  { segmentation, training }: ExperimentRecord,
  trainedAt: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const isDue =
    trainedAt === undefined || (segmentation.auto_clustering_enabled && isStale(trainedAt, nowMs));
  if (modeInForce(segmentation) !== 'auto' || !isDue) return false;
  // One that goes on is left alone; one that nothing came of is tried again with the next look.
  if (training && (await stores.workflow.isRunning(training.execution_id))) return false;
  try {
    return (await trainClusters(stores, ref, { force: true })).started;
  } catch (error) {
    if (error instanceof InsufficientDataError) return false;
    throw error;
  }
}

function segmentAlerts({ experiment, segments }: ExperimentState): ExperimentAlert[] {
  const n = experiment.variants.length;
  const alerted = segments.map(({ segment, sums }) => ({
    segment_key: publicKey(segment),
    display_name: displayName(publicKey(segment)),
    allocations: allocationsOf(sums, n),
    conversion_rate: rateOf(sums, n),
  }));
  return underperforming(
    alerted,
    rateOf(pooled(segments), n),
    experiment.segmentation.min_samples_per_segment,
  );
}

function activationEvent(ref: ExperimentRef, { segmentation, name }: ExperimentRecord): ExperimentEvent {
  const { mode, segment_by } = segmentation;
  return { type: 'Experiment Segmentation Activated', ...ref, detail: { name, mode, segment_by } };
}

async function tell(
  { mailer }: Stores,
  { name, notify_email, segmentation }: ExperimentRecord,
): Promise<void> {
  if (!mailer.enabled || notify_email === undefined) return;
  const how =
    segmentation.mode === 'manual'
      ? `by ${segmentation.segment_by.join(' and ')}`
      : 'by clusters that are found in it';
  await mailer.send({
    to: notify_email,
    subject: `Segmentation is on: ${name}`,
    text: `The traffic of your experiment "${name}" has reached ${segmentation.auto_activation_threshold} visitors a day. From now on it is parted ${how}, and each segment learns its own best variant.\n`,
  });
}

/** Days that were counted more than two weeks ago. */
function formerDays({ segments }: ExperimentState, nowMs: number): string[] {
  const first = `d:${dayOf(nowMs - 14 * 86_400_000)}`;
  const names = segments.flatMap(({ sums }) => Object.keys(sums));
  return [...new Set(names)].filter((name) => name.startsWith('d:') && name < first);
}
