import type { KernelF64 } from '../kernels/memory.ts';
import { type KMeansState, pairsAreCheap, SHELLS } from './kmeans-state.ts';

/** Radii are compared in float32: rounding by this much keeps the bounds right. */
const ROUND_DOWN = 1 - 1e-6;
/** Shell radii as parts of half the distance to the nearest center, and to those a third and two thirds of all are nearer than. */
const RADIUS = 1.5;

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
  #areChosen = false;

  /** Allocates in memory the caller's scope frees. */
  constructor({ kernels: { memory }, nSamples, nClusters, nFeatures, nGroups }: KMeansState) {
    this.#hasShells = pairsAreCheap(nSamples, nClusters);
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
    const shift = state.kernels.exports.kmeans_advance_f64(state.address, this.#address, this.#areChosen);
    if (!this.#areChosen) this.chooseShells(state);
    return shift;
  }

  /**
   * Chooses the shells' radii, for the centers after the latest step. Samples come into their shells as they are decided again; the
   * last shells' clocks run on. After the first time every sample must be decided by the next pass, gaps and all.
   */
  chooseShells(state: KMeansState): void {
    if (!this.#hasShells) return;
    const k = state.nClusters;
    const distances = centerDistances(state, this.#after);
    this.#distances.set(distances);
    for (let a = 0; a < k; a++) {
      const others = distances.slice(a * k, (a + 1) * k).sort();
      const ranks = [1, 1 + Math.ceil((k - 1) / 3), 1 + Math.ceil(((k - 1) * 2) / 3)];
      ranks.forEach((rank, q) => {
        const shell = a * SHELLS + q;
        this.#radii[shell] = (RADIUS * others[Math.min(rank, k - 1)]!) / 2;
        state.radii[shell] = this.#radii[shell]! * ROUND_DOWN;
      });
      // Until then one clock stands for all.
      if (!this.#areChosen)
        this.#shellClocks.fill(this.#shellClocks[a * SHELLS]!, a * SHELLS, (a + 1) * SHELLS);
      for (let shell = a * SHELLS; shell < (a + 1) * SHELLS; shell++) {
        this.#dues.fill(this.#shellClocks[shell]!, shell * k, (shell + 1) * k);
      }
    }
    this.#areChosen = true;
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
