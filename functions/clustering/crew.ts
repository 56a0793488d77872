import type { Kernels } from '../kernels/instance.ts';

/** A kernel by its name among the exports. */
export type KernelName = keyof Kernels['exports'];

/** Who makes the kernel calls of one fit: the calling thread alone, or several that see the same memory. */
export interface Crew {
  /** Members, the calling thread among them; call i of a run falls to member i mod size. */
  readonly size: number;
  /**
   * Makes calls that do not wait for each other and returns once all have ended.
   * @returns their results, in the order of the calls; 0 of a kernel that returns nothing
   */
  readonly run: (kernel: KernelName, calls: readonly (readonly number[])[]) => number[];
}

/** Samples per kernel call: V8 compiles a WASM function to fast code only between calls, so calls stay short. */
export const CALL_SAMPLES = 8192;

/** The calling thread alone. */
export function alone({ exports }: Pick<Kernels, 'exports'>): Crew {
  return {
    size: 1,
    run: (kernel, calls) => {
      const call = exports[kernel] as (...args: readonly number[]) => number | undefined;
      return calls.map((args) => call(...args) ?? 0);
    },
  };
}

/** The arguments of one call per range of samples; `argsOf` is told whose turn it is. */
export function callsOver(
  nSamples: number,
  crew: Crew,
  argsOf: (member: number, first: number, last: number) => readonly number[],
): (readonly number[])[] {
  return Array.from({ length: Math.ceil(nSamples / CALL_SAMPLES) }, (_, call) => {
    const first = call * CALL_SAMPLES;
    return argsOf(call % crew.size, first, Math.min(nSamples, first + CALL_SAMPLES));
  });
}
