import type { Kernels } from '../kernels/instance.ts';
import type { KernelF64, KernelI32 } from '../kernels/memory.ts';
import { FIELD } from './kmeans-fields.ts';

/** Counters: each worker counts for itself. */
export const WORK_FIELDS = [FIELD.tiles, FIELD.decisions, FIELD.exactDecisions] as const;
/** Fields in which the states of a fit's workers differ. */
export const OWN_FIELDS: ReadonlySet<number> = new Set([
  ...[
    FIELD.sums,
    FIELD.counts,
    FIELD.queues,
    FIELD.queueLengths,
    FIELD.tile,
    FIELD.groupMinima,
    FIELD.boundsTile,
  ],
  ...[FIELD.openGroups, FIELD.squares, FIELD.weightSums, FIELD.keys, FIELD.list, FIELD.touched, FIELD.moves],
  ...WORK_FIELDS,
]);
/** Blocks of 8 samples whose fixed-point products are taken at once; mirrors wasm/kmeans-fixed.ts. */
const BLOCKS_AT_ONCE = 8;
/** Samples that may wait to be moved; mirrors wasm/kmeans-fixed.ts. */
const MOVES_LENGTH = 256;
/** Samples that may wait in a list; mirrors wasm/kmeans-list.ts. */
const LIST_LENGTH = 1024;

/** Sizes of the arrays. */
export interface OwnSizes {
  readonly nClusters: number;
  readonly nGroups: number;
  readonly sumsWidth: number;
  readonly boundsWidth: number;
}

/** What a worker on a fit has for itself. */
export interface OwnArrays {
  readonly sums: KernelF64;
  readonly counts: KernelI32;
  readonly weightSums: KernelF64;
  /** Puts the addresses of all its arrays into the fields of a state. */
  readonly place: (fields: KernelI32) => void;
}

/** Allocates sums and counts, at zero, and scratch for one worker. */
export function allocateOwn(
  { memory }: Kernels,
  { nClusters, nGroups, sumsWidth, boundsWidth }: OwnSizes,
): OwnArrays {
  memory.keepApart();
  const sums = memory.f64(nClusters * sumsWidth).fill(0);
  const counts = memory.i32(nClusters).fill(0);
  const weightSums = memory.f64(nClusters).fill(0);
  const addresses = [
    [FIELD.sums, sums],
    [FIELD.counts, counts],
    [FIELD.queues, memory.i32(nClusters * 8)],
    [FIELD.queueLengths, memory.i32(nClusters).fill(0)],
    [FIELD.tile, memory.f32(sumsWidth * 8)],
    [FIELD.groupMinima, memory.f32(nGroups * 16)],
    [FIELD.boundsTile, memory.f32(boundsWidth * 8).fill(0)],
    [FIELD.openGroups, memory.i32(nGroups)],
    [FIELD.squares, memory.f32(32)],
    [FIELD.weightSums, weightSums],
    [FIELD.keys, memory.f32(BLOCKS_AT_ONCE * (nGroups * 32 + 16))],
    [FIELD.list, memory.i32(LIST_LENGTH)],
    [FIELD.moves, memory.i32(MOVES_LENGTH * 2)],
  ] as const;
  memory.keepApart();
  return {
    sums,
    counts,
    weightSums,
    place: (fields) => {
      for (const [field, { byteOffset }] of addresses) fields[field] = byteOffset;
    },
  };
}
