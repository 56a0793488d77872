import { best0, best1, second0, second1 } from './kmeans-nearest';
import {
  productBest0, productBest1, productSecond0, productSecond1, roundingOf, squareAtLeast, squareAtMost,
} from './kmeans-products';
import { KMeansState } from './kmeans-state';

/** Upper bound of a distance from its computed square. */
@inline
export function upperBound(state: KMeansState, square: v128): v128 {
  return f32x4.add(
    f32x4.mul(f32x4.sqrt(square), f32x4.splat(1 + state.relativeError)), f32x4.splat(state.absoluteError),
  );
}

/** Margins (second nearest − nearest distance, at least) and upper bounds of the nearest of the block at hand. */
export let margin0: v128 = i32x4.splat(0);
export let margin1: v128 = i32x4.splat(0);
export let upper0: v128 = i32x4.splat(0);
export let upper1: v128 = i32x4.splat(0);

/** Takes these from the results of `nearestByProducts`. @param norms IN f32 [8] |x|² */
@inline
export function findMargins(state: KMeansState, norms: usize): void {
  const n0 = v128.load(norms), n1 = v128.load(norms, 16);
  const r0 = roundingOf(n0, state.largestSquare, state.productError);
  const r1 = roundingOf(n1, state.largestSquare, state.productError);
  const down = f32x4.splat(1 - state.relativeError);
  upper0 = upperBound(state, squareAtMost(productBest0, n0, r0));
  upper1 = upperBound(state, squareAtMost(productBest1, n1, r1));
  margin0 = f32x4.sub(f32x4.mul(f32x4.sqrt(squareAtLeast(productSecond0, n0, r0)), down), upper0);
  margin1 = f32x4.sub(f32x4.mul(f32x4.sqrt(squareAtLeast(productSecond1, n1, r1)), down), upper1);
}

/** Takes these from the results of `nearestOfBlock`. */
@inline
export function findMarginsOfSquares(state: KMeansState): void {
  const down = f32x4.splat(1 - state.relativeError);
  upper0 = upperBound(state, best0);
  upper1 = upperBound(state, best1);
  margin0 = f32x4.sub(f32x4.mul(f32x4.sqrt(second0), down), upper0);
  margin1 = f32x4.sub(f32x4.mul(f32x4.sqrt(second1), down), upper1);
}

/**
 * Lays them out lane by lane, with what else each of 8 samples has.
 * @param scratch OUT f32 [2][8] margins, upper bounds; i32 [8] indices
 */
@inline
export function storeMargins(scratch: usize, index0: v128, index1: v128): void {
  v128.store(scratch, margin0);
  v128.store(scratch, margin1, 16);
  v128.store(scratch, upper0, 32);
  v128.store(scratch, upper1, 48);
  v128.store(scratch, index0, 64);
  v128.store(scratch, index1, 80);
}
