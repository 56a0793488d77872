import { createHash } from 'node:crypto';
import {
  type AssignmentRecord,
  type Channel,
  type ExperimentContext,
  MOST_SEGMENTS,
} from './contracts/experiment.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import { servedClusters } from './experiment-clusters.ts';
import type { ExperimentRef } from './experiment-ports.ts';
import { experimentSnapshot, type Snapshot } from './experiment-snapshots.ts';
import { chooseVariant } from './experiments/allocation.ts';
import { extractContext, type RawContext } from './experiments/context.ts';
import { allocationIncrements, counter } from './experiments/counters.ts';
import { dayOf, windowDays } from './experiments/eligibility.ts';
import {
  clusterSegment,
  DEFAULT_SEGMENT,
  manualSegmentKey,
  modeInForce,
  OTHER_SEGMENT,
} from './experiments/segment-key.ts';
import type { Ports } from './ports.ts';

/** A visitor who asks for a variant. */
export interface Visitor {
  readonly userIdentifier: string;
  readonly context: RawContext;
  readonly channel: Channel;
}

/** What the visitor sees. */
export interface VisitorVariant {
  readonly snapshot: Snapshot;
  readonly assignment: AssignmentRecord;
}

type Stores = Pick<Ports, 'experiments' | 'runs' | 'objects' | 'segments' | 'clock'>;

/** The name of a visitor in the tables: a hash that differs from experiment to experiment. */
export function visitorHash({ tenant, experiment_id }: ExperimentRef, userIdentifier: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, experiment_id, userIdentifier]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * The variant of a visitor: the one assigned before, else one that is chosen, stored and counted now. One read where there
 * is an assignment (and one write on the first visit of a day), one read and one write where there is none.
 * @throws NotFoundError for an unknown experiment, ConflictError for a new visitor of a stopped one
 */
export async function allocateVisitor(
  stores: Stores,
  ref: ExperimentRef,
  visitor: Visitor,
): Promise<VisitorVariant> {
  const user = visitorHash(ref, visitor.userIdentifier);
  const [snapshot, known] = await Promise.all([
    knownExperiment(stores, ref),
    stores.experiments.assignment(ref, user),
  ]);
  if (known) {
    await noteVisit(stores, ref, known);
    return { snapshot, assignment: known };
  }
  const { experiment } = snapshot;
  if (experiment.status === 'stopped') {
    throw new ConflictError(
      `The experiment ${ref.experiment_id} is stopped: whoever was allocated keeps the variant, nobody new is. Show your default.`,
      { reason: 'experiment_stopped' },
    );
  }
  const atMs = stores.clock.now().getTime();
  const context = extractContext(visitor.channel, visitor.context, {
    atMs,
    timeZone: experiment.policy.time_zone,
  });
  const { key, segment } = await segmentFor(stores, ref, snapshot, context);
  const { variant, chances, holdout } = chooseVariant(
    experiment,
    snapshot.belief(segment),
    ref.experiment_id,
    user,
  );
  const day = dayOf(atMs);
  const assignment: AssignmentRecord = {
    user,
    variant,
    segment_key: key,
    segment,
    holdout,
    propensity: chances[variant]!,
    context,
    allocated_at: new Date(atMs).toISOString(),
    seen_day: day,
  };
  const increments = allocationIncrements(variant, chances, holdout, day);
  if (await stores.experiments.assign(ref, assignment, increments)) return { snapshot, assignment };
  // The same visitor asked twice at once; the other request won.
  const other = await stores.experiments.assignment(ref, user);
  if (!other) throw new Error('an assignment stood in the way and is gone');
  return { snapshot, assignment: other };
}

/** The experiment as this instance knows it. @throws NotFoundError */
export async function knownExperiment(
  stores: Pick<Ports, 'experiments' | 'clock'>,
  ref: ExperimentRef,
): Promise<Snapshot> {
  const snapshot = await experimentSnapshot(stores, ref);
  if (snapshot) return snapshot;
  throw experimentNotFound(ref.experiment_id);
}

/** What every route answers for an experiment that is not there, or another tenant's. */
export function experimentNotFound(experimentId: string): NotFoundError {
  return new NotFoundError(
    `There is no experiment ${experimentId}. GET /api/v1/experiments lists yours; POST creates one.`,
    { reason: 'no_such_experiment' },
  );
}

async function segmentFor(
  stores: Stores,
  ref: ExperimentRef,
  { experiment, segments }: Snapshot,
  context: ExperimentContext,
): Promise<{ key: string; segment: string }> {
  const everybody = { key: DEFAULT_SEGMENT, segment: DEFAULT_SEGMENT };
  const mode = modeInForce(experiment.segmentation);
  if (mode === 'disabled') return everybody;
  if (mode === 'auto') {
    const clusters = await servedClusters(stores, ref);
    return clusters ? clusterSegment(clusters.clusterOf(context), clusters.runId) : everybody;
  }
  const key = manualSegmentKey(context, experiment.segmentation.segment_by);
  const isNew = !segments.some(({ segment }) => segment === key);
  return isNew && segments.length >= MOST_SEGMENTS
    ? { key: OTHER_SEGMENT, segment: OTHER_SEGMENT }
    : { key, segment: key };
}

/** Counts a visitor who comes back on a later day on that day, so that each counts once in a window of days. */
async function noteVisit(
  { experiments, clock }: Stores,
  ref: ExperimentRef,
  assignment: AssignmentRecord,
): Promise<void> {
  const nowMs = clock.now().getTime();
  const day = dayOf(nowMs);
  if (day <= assignment.seen_day) return;
  const leaves = windowDays(nowMs).includes(assignment.seen_day);
  await experiments.seen(ref, assignment, day, {
    [counter.lastSeen(day)]: 1,
    // A day that no window reaches any more may be gone: nothing is taken from it.
    ...(leaves && { [counter.lastSeen(assignment.seen_day)]: -1 }),
  });
}
