import { knownExperiment, visitorHash } from './allocate-visitor.ts';
import type { AssignmentRecord } from './contracts/experiment.ts';
import { ConflictError, InvalidRequestError } from './errors.ts';
import type { ExperimentRef } from './experiment-ports.ts';
import type { Snapshot } from './experiment-snapshots.ts';
import { conversionIncrements } from './experiments/counters.ts';
import type { Ports } from './ports.ts';

/** A visitor who did what the experiment is for. */
export interface VisitorConversion {
  readonly userIdentifier: string;
  /** Default: the first goal. */
  readonly goal?: string | undefined;
  /** From 0 to 1. */
  readonly reward: number;
  /** ISO 8601; default: now. */
  readonly convertedAt?: string | undefined;
}

/** What became of it. */
export interface CountedConversion {
  readonly snapshot: Snapshot;
  readonly assignment: AssignmentRecord;
  readonly goal: string;
  /** False where it was counted before. */
  readonly counted: boolean;
}

/** Clocks of callers and ours may differ by this much. */
const SKEW_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

/**
 * Counts a conversion, once per visitor and goal however often it is told: one read, one write.
 * @throws NotFoundError for an unknown experiment
 * @throws InvalidRequestError for an unknown goal, and for a time that lies in the future or before the allocation by more
 * than five minutes
 * @throws ConflictError for a visitor who was never allocated, and for a conversion that comes too late
 */
export async function convertVisitor(
  stores: Pick<Ports, 'experiments' | 'clock'>,
  ref: ExperimentRef,
  { userIdentifier, goal: named, reward, convertedAt }: VisitorConversion,
): Promise<CountedConversion> {
  const user = visitorHash(ref, userIdentifier);
  const [snapshot, assignment] = await Promise.all([
    knownExperiment(stores, ref),
    stores.experiments.assignment(ref, user),
  ]);
  const { goals, policy } = snapshot.experiment;
  const goal = named ?? goals[0]!;
  const index = goals.indexOf(goal);
  if (index < 0) {
    throw new InvalidRequestError(
      `Invalid input: the experiment has no goal ${goal}. Its goals are ${goals.join(', ')}.`,
      {
        reason: 'unknown_goal',
      },
    );
  }
  if (!assignment) {
    throw new ConflictError(
      'This visitor was never allocated a variant, so no variant can have the conversion. Allocate first, with the same user_identifier.',
      { reason: 'not_allocated' },
    );
  }
  const nowMs = stores.clock.now().getTime();
  const atMs = convertedAt === undefined ? nowMs : Date.parse(convertedAt);
  const allocatedMs = Date.parse(assignment.allocated_at);
  if (atMs > nowMs + SKEW_MS || atMs < allocatedMs - SKEW_MS) {
    const where = atMs > nowMs ? 'in the future' : `before the allocation (${assignment.allocated_at})`;
    throw new InvalidRequestError(
      `Invalid input: converted_at ${convertedAt} lies ${where}. Check the clock, or leave it out.`,
      { reason: 'clock_skew' },
    );
  }
  if (atMs - allocatedMs > policy.conversion_window_hours * HOUR_MS) {
    throw new ConflictError(
      `The conversion came later than ${policy.conversion_window_hours} hours after the allocation, and is not counted.`,
      { reason: 'conversion_window' },
    );
  }
  const at = new Date(Math.max(atMs, allocatedMs)).toISOString();
  const increments = conversionIncrements(assignment, index, reward);
  const counted = await stores.experiments.convert(ref, assignment, index, at, increments);
  return { snapshot, assignment, goal, counted };
}
