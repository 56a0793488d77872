import type { Dataset } from './datasets.ts';
import type { Outcome, PythonJob } from './python-worker.ts';

/** A peer: Python's are jobs, npm's are functions like our own side. */
export type Peer =
  | { readonly name: string; readonly job: PythonJob }
  | { readonly name: string; readonly run: Side };

/**
 * One timed call. What it returns is called after the clock has stopped, and says what came out: digests, scores and
 * heights for the equality gate.
 */
export type Side = (set: Dataset) => () => Outcome;

export interface BenchCase {
  /** Row of the suite, e.g. `D1`. */
  readonly id: string;
  readonly title: string;
  readonly data: string;
  readonly ours: Side;
  /** Brings the table to where our side computes, which the memory of a call does not count. */
  readonly prepare?: (set: Dataset) => void;
  readonly peers: readonly Peer[];
  /** A slow, trusted computation that decides what is right instead of the peers; its answer is kept on disk. */
  readonly reference?: PythonJob;
  /**
   * The equality gate: how far our outcome is from the reference's (or, without one, from each peer's), in words.
   * @throws Error when it is too far: no time counts then
   */
  readonly gate: (ours: Outcome, other: Outcome) => string;
  /** Peer time ÷ our time that must be reached, and that we would like to reach. */
  readonly must: number;
  readonly stretch: number;
  /** Left out with --quick. */
  readonly slow?: boolean;
  /** The memory of fresh processes is measured for our side and the first peer. */
  readonly memory?: boolean;
}

/** Passes when two numbers of the outcomes agree, relative to the other's. */
export function agree(key: string, tolerance: number) {
  return (ours: Outcome, other: Outcome): string => {
    const a = Number(ours[key]);
    const b = Number(other[key]);
    const error = Math.abs(a - b) / Math.max(Math.abs(b), 1e-300);
    if (!(error <= tolerance))
      throw new Error(`${key} is ${a}, the reference's ${b}: ${error.toExponential(1)} apart`);
    return `${key} within ${error.toExponential(1)}`;
  };
}

/** Passes when values of the outcomes are the same. */
export function identical(...keys: string[]) {
  return (ours: Outcome, other: Outcome): string => {
    for (const key of keys) {
      if (ours[key] !== other[key]) throw new Error(`${key} is ${ours[key]}, the reference's ${other[key]}`);
    }
    return `${keys.join(', ')} identical`;
  };
}
