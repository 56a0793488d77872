import type { Kernels } from '../kernels/instance.ts';
import type { KernelI32 } from '../kernels/memory.ts';
import { type Calls, type Crew, callsOver, type KernelName } from './crew.ts';
import { allocateOwn, OWN_FIELDS, type OwnArrays, WORK_FIELDS } from './kmeans-own-arrays.ts';
import type { KMeansState } from './kmeans-state.ts';

interface Member extends OwnArrays {
  readonly fields: KernelI32;
}

/**
 * The members of a crew over one fit. Rows, labels, gaps and centers are the fit's own; each member but the first has sums
 * and scratch of its own, which join the fit's after every pass. Sums of placed rows are exact in any order: who does which
 * samples changes no byte.
 */
export class KMeansMembers {
  readonly crew: Crew;
  readonly #state: KMeansState;
  readonly #others: readonly Member[];

  constructor(kernels: Kernels, state: KMeansState, crew: Crew) {
    this.crew = crew;
    this.#state = state;
    this.#others = Array.from({ length: crew.size - 1 }, () => {
      kernels.memory.keepApart();
      const fields = kernels.memory.i32(state.fields.length).fill(0);
      const own = allocateOwn(kernels, state);
      own.place(fields);
      return { ...own, fields };
    });
  }

  /** Address of a member's state. */
  addressOf(member: number): number {
    return member === 0 ? this.#state.address : this.#others[member - 1]!.fields.byteOffset;
  }

  /** Calls a kernel for all samples, range by range. @returns the sum of its results */
  pass(
    kernel: KernelName,
    argsOf: (member: number, first: number, last: number) => readonly number[] = this.#plain,
  ): number {
    return this.#shared(kernel, callsOver(this.#state.nSamples, argsOf));
  }

  /** Decides again the samples whose gap expired. @returns labels changed */
  reassign(byBlocks: boolean): number {
    const flag = Number(byBlocks);
    return this.pass('kmeans_reassign_f32', (member, first, last) => [
      this.addressOf(member),
      first,
      last,
      flag,
    ]);
  }

  /** Decides the samples that still wait with each member. @returns labels changed */
  flush(): number {
    // Whoever makes the call: the samples of one member wait in its state.
    const argsOf = (whose: number) => [this.addressOf(whose)];
    return this.#shared('kmeans_flush_f32', { count: this.crew.size, argsOf });
  }

  #plain = (member: number, first: number, last: number) => [this.addressOf(member), first, last];

  #shared(kernel: KernelName, calls: Calls): number {
    for (const { fields } of this.#others) this.#tell(fields);
    const results = this.crew.run(kernel, calls);
    for (const member of this.#others) this.#gather(member);
    return results.reduce((sum, result) => sum + result, 0);
  }

  /** Brings what the host has changed to a member. */
  #tell(fields: KernelI32): void {
    const { fields: source } = this.#state;
    for (let field = 0; field < source.length; field++) {
      if (!OWN_FIELDS.has(field)) fields[field] = source[field]!;
    }
  }

  #gather({ fields, sums, counts }: Member): void {
    const state = this.#state;
    for (let at = 0; at < sums.length; at++) state.sums[at]! += sums[at]!;
    for (let c = 0; c < counts.length; c++) state.counts[c]! += counts[c]!;
    sums.fill(0);
    counts.fill(0);
    for (const field of WORK_FIELDS) {
      state.fields[field]! += fields[field]!;
      fields[field] = 0;
    }
  }
}
