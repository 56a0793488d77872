import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase, Peer, Side } from './bench-case.ts';
import { DATA_FOLDER, type Dataset, dataset } from './datasets.ts';
import type { Machine } from './machine.ts';
import { processorSeconds } from './processor-time.ts';
import type { Measured, PythonJob, PythonWorker } from './python-worker.ts';

/** Of some ratios: a quarter lies below the one, and a quarter above the other. */
export interface Quartiles {
  readonly lower: number;
  readonly upper: number;
}

/** One peer's part of a case's result. */
export interface PeerResult {
  readonly name: string;
  /** Median, seconds of the processor. */
  readonly seconds?: number;
  /** Median over the pairs of peer time ÷ our time. */
  readonly ratio?: number;
  /** Quartiles of the pairs' ratios: half of them lie between. */
  readonly quartiles?: Quartiles;
  readonly pairs: number;
  readonly gate?: string;
  /** Why there is no time. */
  readonly error?: string;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly nSamples: number;
  /** Median of our time over all pairs, seconds. */
  readonly seconds: number;
  /** The equality gate against the reference, in words; per peer where there is none. */
  readonly gate?: string;
  readonly peers: readonly PeerResult[];
  readonly must: number;
  readonly stretch: number;
  /** Of what the core can do at most through WASM in the same run, 0..1, where the case counts its work. */
  readonly multiplyAddShare?: number;
  readonly readShare?: number;
  /** Distances that plain code computes and we did not, 0..1. */
  readonly avoided?: number;
  /** Numbers of our outcome worth showing. */
  readonly notes: Readonly<Record<string, number>>;
  readonly measuredAt: string;
}

/**
 * Pairs at most, and as many more as this much of the peer's time holds: what nine calls of milliseconds tell is how the
 * machine was just then.
 */
const MOST_PAIRS = 9;
const MOST_PAIRS_OF_SHORT = 101;
const SHORT_SECONDS = 10;
/** Seconds that a side runs untimed before its first pair, if one call is shorter: until all its code is compiled. */
const WARM_SECONDS = 1;
/** And before each timed call, for the core it runs on to be back at full speed. */
const WAKE_SECONDS = 0.1;
/** Seconds of a call that warms itself up. */
const LONG_SECONDS = 1;

/** Runs a case: gate first, then alternating pairs with every peer. `budget` is in seconds per peer. */
export async function runCase(
  bench: BenchCase,
  python: PythonWorker,
  budget: number,
  machine: Pick<Machine, 'multiplyAddPeak' | 'readBandwidth'>,
): Promise<CaseResult> {
  const set = dataset(bench.data);
  const first = await warmUp(() => timeSide(bench.ours, set));
  const gate = bench.reference
    ? bench.gate(first.outcome, await reference(bench.reference, python))
    : undefined;
  const times: number[] = [];
  const peers: PeerResult[] = [];
  for (const peer of bench.peers) {
    try {
      peers.push(await pairUp(bench, peer, set, python, budget, times));
    } catch (error) {
      peers.push({ name: peer.name, pairs: 0, error: (error as Error).message });
    }
  }
  const notes: Record<string, number> = {};
  for (const [key, value] of Object.entries(first.outcome)) if (typeof value === 'number') notes[key] = value;
  const seconds = times.length > 0 ? median(times) : first.seconds;
  const { multiplyAdds, bytesRead, avoided } = notes;
  return {
    id: bench.id,
    title: bench.title,
    nSamples: set.nSamples,
    seconds,
    ...(multiplyAdds !== undefined && {
      multiplyAddShare: (2 * multiplyAdds) / seconds / 1e9 / machine.multiplyAddPeak,
    }),
    ...(bytesRead !== undefined && { readShare: bytesRead / seconds / 1e9 / machine.readBandwidth }),
    ...(avoided !== undefined && { avoided }),
    ...(gate !== undefined && { gate }),
    peers,
    must: bench.must,
    stretch: bench.stretch,
    notes,
    measuredAt: new Date().toISOString().slice(0, 10),
  };
}

async function pairUp(
  bench: BenchCase,
  peer: Peer,
  set: Dataset,
  python: PythonWorker,
  budget: number,
  ourTimes: number[],
): Promise<PeerResult> {
  const call = () => ('job' in peer ? python.run(peer.job) : timeSide(peer.run, set));
  const first = await warmUp(call);
  const gate = bench.reference ? undefined : bench.gate(timeSide(bench.ours, set).outcome, first.outcome);
  const pairs = Math.max(1, Math.min(mostPairs(first.seconds), Math.floor(budget / first.seconds)));
  const ratios: number[] = [];
  const seconds: number[] = [];
  // A long call of the peer wakes itself, and never waits long for us.
  const ours = () => wakeAndTime(() => timeSide(bench.ours, set));
  const theirs = () => (first.seconds <= LONG_SECONDS ? wakeAndTime(call) : call());
  if (first.seconds > budget) {
    // So long a call needs no warming up: it is the one pair.
    const one = await ours();
    ourTimes.push(one.seconds);
    seconds.push(first.seconds);
    ratios.push(first.seconds / one.seconds);
  }
  for (let pair = ratios.length; pair < pairs; pair++) {
    // Every other pair begins with the other side: a drift of the machine favours neither.
    const early = pair % 2 === 0 ? await ours() : undefined;
    const other = await theirs();
    const one = early ?? (await ours());
    ourTimes.push(one.seconds);
    seconds.push(other.seconds);
    ratios.push(other.seconds / one.seconds);
  }
  return {
    name: peer.name,
    seconds: median(seconds),
    ratio: median(ratios),
    quartiles: quartiles(ratios),
    pairs,
    ...(gate !== undefined && { gate }),
  };
}

/** Pairs of calls of so many seconds, if there is time enough. */
export function mostPairs(seconds: number): number {
  return Math.max(MOST_PAIRS, Math.min(MOST_PAIRS_OF_SHORT, Math.floor(SHORT_SECONDS / seconds)));
}

/** Calls until `seconds` have gone. @returns the last of the calls */
export async function warmUp<T extends { readonly seconds: number }>(
  call: () => T | Promise<T>,
  seconds = WARM_SECONDS,
): Promise<T> {
  let last = await call();
  for (let spent = last.seconds; spent < seconds; spent += last.seconds) last = await call();
  return last;
}

/**
 * One call that follows others at once. While the other side works, this one's memory may be reclaimed, its caches go cold
 * and its core to sleep, which does not run at full speed at once.
 */
export async function wakeAndTime<T extends { readonly seconds: number }>(
  call: () => T | Promise<T>,
): Promise<T> {
  await warmUp(call, WAKE_SECONDS);
  return call();
}

/** A side may time a part of itself and report it as `seconds`, where it must first convert the table. */
export function timeSide(side: Side, set: Dataset): Measured {
  const started = processorSeconds();
  const describe = side(set);
  const seconds = processorSeconds() - started;
  const { seconds: own, ...outcome } = describe();
  return { seconds: typeof own === 'number' ? own : seconds, outcome };
}

async function reference(job: PythonJob, python: PythonWorker) {
  const key = createHash('sha256').update(JSON.stringify(job)).digest('hex').slice(0, 16);
  const file = join(DATA_FOLDER, `reference-${key}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify((await python.run(job)).outcome));
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The values nearest to the quartiles. */
function quartiles(values: readonly number[]): Quartiles {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor((sorted.length - 1) / 4);
  return { lower: sorted[quarter]!, upper: sorted[sorted.length - 1 - quarter]! };
}

/** Median; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
