import type { Kernels } from '../kernels/instance.ts';

/** A kernel by its name among the exports. */
export type KernelName = keyof Kernels['exports'];

/** Who makes the kernel calls of one fit: the calling thread alone, or several that see the same memory. */
export interface Crew {
  /** Members, the calling thread among them. */
  readonly size: number;
  /**
   * Makes calls that do not wait for each other, each falling to the member that is free first, and returns once all have
   * ended.
   * @returns their results, in the order of the calls; 0 of a kernel that returns nothing
   */
  readonly run: (kernel: KernelName, calls: Calls) => number[];
}

/** Calls of one kernel. */
export interface Calls {
  readonly count: number;
  /** Arguments of a call, should it fall to a member. Asked for every member, whoever makes the call. */
  readonly argsOf: (call: number, member: number) => readonly number[];
  /** Work of the calling thread's own, which waits for none of the calls, nor any of them for it. */
  readonly meanwhile?: () => void;
}

/** Samples per kernel call: V8 compiles a WASM function to fast code only between calls, so calls stay short. */
export const CALL_SAMPLES = 2048;
/** Samples of the calls of a large table, and the number of calls from which it is one. */
const MOST_CALL_SAMPLES = 8192;
const MANY_CALLS = 64;

/** Samples per call of a pass over so many: each call takes some time of its own, which counts where there are many. */
export function callSamples(nSamples: number): number {
  let samples = CALL_SAMPLES;
  while (samples < MOST_CALL_SAMPLES && nSamples > MANY_CALLS * samples) samples *= 2;
  return samples;
}

/** The calling thread alone. */
export function alone({ exports }: Pick<Kernels, 'exports'>): Crew {
  return {
    size: 1,
    run: (kernel, { count, argsOf, meanwhile }) => {
      const call = exports[kernel] as (...args: readonly number[]) => number | undefined;
      const results: number[] = [];
      for (let i = 0; i < count; i++) results.push(call(...argsOf(i, 0)) ?? 0);
      meanwhile?.();
      return results;
    },
  };
}

/** One call per range of samples. */
export function callsOver(
  nSamples: number,
  argsOf: (member: number, first: number, last: number) => readonly number[],
): Calls {
  const samples = callSamples(nSamples);
  return {
    count: Math.ceil(nSamples / samples),
    argsOf: (call, member) => {
      const first = call * samples;
      return argsOf(member, first, Math.min(nSamples, first + samples));
    },
  };
}
