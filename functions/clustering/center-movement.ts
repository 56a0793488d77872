import type { KernelF64 } from '../kernels/memory.ts';
import { type KMeansState, pairsAreCheap, SHELLS } from './kmeans-state.ts';

/** Radii are compared in float32: rounding by this much keeps the bounds right. */
const ROUND_DOWN = 1 - 1e-6;
/** Shell radii as parts of half the distance to the nearest center, a near one and a middling one. */
const RADIUS = 1.2;
/** Few clusters have shells from this step on, when few samples are decided again in most fits. */
const STEPS_WITHOUT_SHELLS = 2;

/**
 * How far centers have moved, as the clocks the kernels compare with. A sample x of cluster a, at most r away from its
 * center, can only change to a center c with |a c| ≤ 2 r (triangle inequality): so each cluster has shells of growing
 * radius, and a shell's clock counts how much nearer those centers have come that are near enough to matter. A center that was
 * too far and comes near brings along all by which it has come nearer in between.
 */
export class CenterMovement {
  /** Of the fields behind it; mirrors `CenterMovement` in wasm/kmeans-movement.ts. */
  readonly #address: number;
  readonly #after: KernelF64;
  readonly #shellClocks: KernelF64;
  /** Per shell, how far its samples may be from the center by now; infinite for the last. */
  readonly #radii: KernelF64;
  /** Per shell and cluster, what the shell's clock must show at least where that cluster's center is near. */
  readonly #dues: KernelF64;
  /** Of the centers, before a step. */
  readonly #distances: KernelF64;
  readonly #hasShells: boolean;
  /** Steps until the shells are chosen: while most samples are decided again, shells gain nothing. */
  #stepsToShells: number;

  /** Allocates in memory the caller's scope frees. */
  constructor({ kernels: { memory }, nSamples, nClusters, nFeatures, nGroups, hasOrder }: KMeansState) {
    this.#hasShells = pairsAreCheap(nSamples, nClusters);
    this.#stepsToShells = hasOrder ? 1 : STEPS_WITHOUT_SHELLS;
    const pairs = this.#hasShells ? nClusters ** 2 : 0;
    this.#after = memory.f64(nClusters * nFeatures);
    this.#shellClocks = memory.f64(nClusters * SHELLS).fill(0);
    this.#radii = memory.f64(nClusters * SHELLS).fill(Number.POSITIVE_INFINITY);
    this.#dues = memory.f64(pairs * SHELLS).fill(0);
    this.#distances = memory.f64(pairs);
    const arrays = [
      this.#after,
      memory.f64(nClusters),
      this.#shellClocks,
      memory.f64(nGroups).fill(0),
      this.#radii,
      this.#dues,
      this.#distances,
    ];
    const fields = memory.i32(arrays.length);
    fields.set(arrays.map(({ byteOffset }) => byteOffset));
    this.#address = fields.byteOffset;
  }

  /** Takes in the step from the centers that the state holds to others; returns its squared length over all centers. */
  advance(state: KMeansState, after: Float64Array): number {
    this.#after.set(after);
    const byShells = this.#hasShells && this.#stepsToShells <= 0;
    const shift = state.kernels.exports.kmeans_advance_f64(state.address, this.#address, byShells);
    this.#stepsToShells--;
    if (this.#stepsToShells === 0 && this.#hasShells) this.#chooseShells(state);
    return shift;
  }

  /** Chooses the radii. Samples come into their shells as they are decided again; the last shells' clocks run on. */
  #chooseShells(state: KMeansState): void {
    const k = state.nClusters;
    const distances = centerDistances(state, this.#after);
    this.#distances.set(distances);
    for (let a = 0; a < k; a++) {
      const others = distances.slice(a * k, (a + 1) * k).sort();
      const ranks = [1, 1 + Math.ceil((k - 1) / 4), 1 + Math.ceil((k - 1) / 2)];
      ranks.forEach((rank, q) => {
        const shell = a * SHELLS + q;
        this.#radii[shell] = (RADIUS * others[Math.min(rank, k - 1)]!) / 2;
        state.radii[shell] = this.#radii[shell]! * ROUND_DOWN;
      });
      const clock = this.#shellClocks[a * SHELLS]!;
      this.#shellClocks.fill(clock, a * SHELLS, (a + 1) * SHELLS);
      this.#dues.fill(clock, a * SHELLS * k, (a + 1) * SHELLS * k);
    }
  }
}

/** nClusters × nClusters. */
export function centerDistances(
  { kernels: { memory, exports }, nClusters, nFeatures }: KMeansState,
  centers: KernelF64,
): Float64Array {
  return memory.scope(() => {
    const distances = memory.f64(nClusters * nClusters);
    exports.center_distances_f64(centers.byteOffset, nClusters, nFeatures, distances.byteOffset);
    return new Float64Array(distances);
  });
}
