import type { ExperimentRef, ExperimentState } from './experiment-ports.ts';
import { beliefOf, type SegmentBelief } from './experiments/allocation.ts';
import type { Ports } from './ports.ts';

/** An experiment as one instance of a function knows it for a short while. */
export interface Snapshot extends ExperimentState {
  /** What a segment goes by, worked out at most once per snapshot. */
  belief(segment: string): SegmentBelief;
}

/** How long counters are used before they are read again: learning lags by this, allocations cost no read of them. */
export const SNAPSHOT_MS = 2000;
/** Experiments that one instance keeps. */
const KEPT = 256;

interface Entry {
  readonly readAt: number;
  readonly snapshot: Promise<Snapshot | undefined>;
}

const kept = new WeakMap<Ports['experiments'], Map<string, Entry>>();

/** The experiment as it was at most two seconds ago; undefined where there is none. */
export async function experimentSnapshot(
  { experiments, clock }: Pick<Ports, 'experiments' | 'clock'>,
  ref: ExperimentRef,
): Promise<Snapshot | undefined> {
  const entries = kept.get(experiments) ?? new Map<string, Entry>();
  kept.set(experiments, entries);
  const key = `${ref.tenant}/${ref.experiment_id}`;
  const nowMs = clock.now().getTime();
  const known = entries.get(key);
  if (known && Math.abs(nowMs - known.readAt) < SNAPSHOT_MS) return known.snapshot;
  const snapshot = experiments.state(ref).then((state) => state && snapshotOf(state));
  entries.delete(key);
  entries.set(key, { readAt: nowMs, snapshot });
  const [oldest] = entries.keys();
  if (entries.size > KEPT && oldest !== undefined) entries.delete(oldest);
  // What is not there, or could not be read, is asked for anew.
  const forget = () => entries.get(key)?.snapshot === snapshot && entries.delete(key);
  snapshot.then((found) => found ?? forget(), forget);
  return snapshot;
}

/** Makes this instance read the experiment anew: it was changed here. */
export function forgetSnapshot({ experiments }: Pick<Ports, 'experiments'>, ref: ExperimentRef): void {
  kept.get(experiments)?.delete(`${ref.tenant}/${ref.experiment_id}`);
}

function snapshotOf(state: ExperimentState): Snapshot {
  const beliefs = new Map<string, SegmentBelief>();
  return {
    ...state,
    belief(segment) {
      const known = beliefs.get(segment) ?? beliefOf(state.experiment, state.segments, segment);
      beliefs.set(segment, known);
      return known;
    },
  };
}
