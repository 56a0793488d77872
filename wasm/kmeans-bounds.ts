import { squares_8x4 } from './distance';
import { upperBound } from './kmeans-margins';
import { madd, select, storeEight } from './simd';
import { ROUND_DOWN, keepLabels, settle, settledLabel } from './kmeans-settle';
import { KMeansState } from './kmeans-state';
import { loadTile, storeTile } from './rows';

const FAR: f32 = 3.0e38;

/** Lower bound of a distance from its computed square, never below 0. */
@inline
function lowerBound(state: KMeansState, square: v128): v128 {
  const bound = f32x4.sub(
    f32x4.mul(f32x4.sqrt(square), f32x4.splat(1 - state.relativeError)), f32x4.splat(state.absoluteError),
  );
  return f32x4.pmax(f32x4.splat(0), bound);
}

/**
 * As `settleTile`, keeping a bound per sample and group of 4 centers: only groups whose bound does not exceed the
 * distance to the own center are computed (Ding et al., "Yinyang K-means", ICML 2015, with tiles for groups).
 */
export function settleTileByGroups(state: KMeansState, samples: usize, count: i32, own: i32): i32 {
  for (let lane = count; lane < 8; lane++) store<i32>(samples + (<usize>lane << 2), load<i32>(samples));
  state.decisions++;
  const nFeatures = state.nFeatures, nGroups = state.nGroups;
  const width = (nGroups + 3) & ~3;
  const tile = state.tile, minima = state.groupMinima, bounds = state.boundsTile, squares = state.squares;
  const end = tile + (<usize>nFeatures << 5);
  const groupBytes = <usize>nFeatures << 4;
  loadTile(state.rows, nFeatures, samples, tile);
  let index0 = i32x4.splat(own), index1 = index0;
  let best0 = f32x4.splat(0), best1 = best0;
  let center = state.centersBy4 + <usize>(own >>> 2) * groupBytes + (<usize>(own & 3) << 2);
  for (let at = tile; at < end; at += 32) {
    const c = v128.load32_splat(center);
    let t = f32x4.sub(v128.load(at), c);
    best0 = madd(t, t, best0);
    t = f32x4.sub(v128.load(at, 16), c);
    best1 = madd(t, t, best1);
    center += 16;
  }
  loadTile(state.bounds, width, samples, bounds);
  const ownBest0 = best0, ownBest1 = best1;
  const upper0 = upperBound(state, best0), upper1 = upperBound(state, best1);
  let least0 = f32x4.splat(FAR), least1 = least0;
  let opened = 0;
  for (let group = 0; group < nGroups; group++) {
    const bound = bounds + (<usize>group << 5);
    const clock = v128.load32_splat(state.groupClocks + (<usize>group << 2));
    const stored0 = v128.load(bound), stored1 = v128.load(bound, 16);
    const isNear = v128.or(
      f32x4.le(stored0, f32x4.add(upper0, clock)), f32x4.le(stored1, f32x4.add(upper1, clock)),
    );
    if (!v128.any_true(isNear)) {
      least0 = f32x4.pmin(least0, f32x4.sub(stored0, clock));
      least1 = f32x4.pmin(least1, f32x4.sub(stored1, clock));
      continue;
    }
    store<i32>(state.openGroups + (<usize>opened << 2), group);
    opened++;
    squares_8x4(tile, nFeatures, state.centersBy4 + <usize>group * groupBytes, squares);
    const a0 = v128.load(squares), a1 = v128.load(squares, 16), a2 = v128.load(squares, 32), a3 = v128.load(squares, 48);
    const a4 = v128.load(squares, 64), a5 = v128.load(squares, 80), a6 = v128.load(squares, 96), a7 = v128.load(squares, 112);
    const low0 = f32x4.pmin(a0, a2), low1 = f32x4.pmin(a1, a3), low2 = f32x4.pmin(a4, a6), low3 = f32x4.pmin(a5, a7);
    const high0 = f32x4.pmin(f32x4.pmax(a0, a2), f32x4.pmax(a4, a6));
    const high1 = f32x4.pmin(f32x4.pmax(a1, a3), f32x4.pmax(a5, a7));
    const least0 = f32x4.pmin(low0, low2), least1 = f32x4.pmin(low1, low3);
    const target = minima + (<usize>group << 6);
    v128.store(target, least0);
    v128.store(target, least1, 16);
    v128.store(target, f32x4.pmin(f32x4.pmax(low0, low2), high0), 32);
    v128.store(target, f32x4.pmin(f32x4.pmax(low1, low3), high1), 48);
    // Most tiles stay with their own center: which center of the group is nearest matters only where it is nearer.
    const nearer0 = f32x4.lt(least0, best0), nearer1 = f32x4.lt(least1, best1);
    if (v128.any_true(v128.or(nearer0, nearer1))) {
      let id0 = i32x4.splat((group << 2) + 3), id1 = id0;
      id0 = select(i32x4.splat((group << 2) + 2), id0, f32x4.eq(a4, least0));
      id1 = select(i32x4.splat((group << 2) + 2), id1, f32x4.eq(a5, least1));
      id0 = select(i32x4.splat((group << 2) + 1), id0, f32x4.eq(a2, least0));
      id1 = select(i32x4.splat((group << 2) + 1), id1, f32x4.eq(a3, least1));
      id0 = select(i32x4.splat(group << 2), id0, f32x4.eq(a0, least0));
      id1 = select(i32x4.splat(group << 2), id1, f32x4.eq(a1, least1));
      index0 = select(id0, index0, nearer0);
      index1 = select(id1, index1, nearer1);
      best0 = f32x4.pmin(best0, least0);
      best1 = f32x4.pmin(best1, least1);
    }
  }
  state.tiles += opened;
  if (opened > 0) {
    const group0 = i32x4.shr_u(index0, 2), group1 = i32x4.shr_u(index1, 2);
    const down = f32x4.splat(ROUND_DOWN);
    for (let i = 0; i < opened; i++) {
      const group = load<i32>(state.openGroups + (<usize>i << 2));
      const at = minima + (<usize>group << 6), id = i32x4.splat(group);
      const bound0 = lowerBound(state, select(v128.load(at, 32), v128.load(at), i32x4.eq(group0, id)));
      const bound1 = lowerBound(state, select(v128.load(at, 48), v128.load(at, 16), i32x4.eq(group1, id)));
      least0 = f32x4.pmin(least0, bound0);
      least1 = f32x4.pmin(least1, bound1);
      const clock = v128.load32_splat(state.groupClocks + (<usize>group << 2));
      const target = bounds + (<usize>group << 5);
      v128.store(target, f32x4.mul(f32x4.add(bound0, clock), down));
      v128.store(target, f32x4.mul(f32x4.add(bound1, clock), down), 16);
    }
    storeTile(state.bounds, width, samples, bounds);
  }
  // Where the label changes, the center left is one of the others, also when its group stayed closed.
  const same = i32x4.splat(own), far = f32x4.splat(FAR), stays0 = i32x4.eq(index0, same), stays1 = i32x4.eq(index1, same);
  least0 = f32x4.pmin(least0, select(far, lowerBound(state, ownBest0), stays0));
  least1 = f32x4.pmin(least1, select(far, lowerBound(state, ownBest1), stays1));
  const nearest0 = upperBound(state, best0), nearest1 = upperBound(state, best1);
  const margin0 = f32x4.sub(least0, nearest0), margin1 = f32x4.sub(least1, nearest1);
  const zero = f32x4.splat(0);
  const settled = v128.and(f32x4.gt(margin0, zero), f32x4.gt(margin1, zero));
  if (i32x4.all_true(v128.and(settled, v128.and(stays0, stays1)))) {
    keepLabels(state, samples, own, margin0, margin1, nearest0, nearest1);
    return 0;
  }
  return settleLanes(
    state, samples, count, own, margin0, margin1, index0, index1,
    nearest0, nearest1, lowerBound(state, ownBest0), lowerBound(state, ownBest1),
  );
}

/** Settles lanes one by one; keeps the bounds right for centers that stopped being a sample's own. */
function settleLanes(
  state: KMeansState, samples: usize, count: i32, own: i32, margin0: v128, margin1: v128,
  index0: v128, index1: v128, nearest0: v128, nearest1: v128, own0: v128, own1: v128,
): i32 {
  const lanes = state.tile;
  storeEight(lanes, margin0, margin1, index0, index1, nearest0, nearest1, own0, own1);
  let changed = 0;
  for (let lane = 0; lane < count; lane++) {
    const at = lanes + (<usize>lane << 2);
    const index = load<i32>(at, 32);
    changed += settle(state, load<i32>(samples + (<usize>lane << 2)), index, load<f32>(at), load<f32>(at, 64));
    const label = settledLabel;
    // Decided in float64: the bounds left out the wrong center.
    if (label != index) lowerTo(state, samples, lane, index >>> 2, load<f32>(at, 64) * <f32>0.999 - 2 * state.absoluteError);
    if (label != own) lowerTo(state, samples, lane, own >>> 2, load<f32>(at, 96));
  }
  return changed;
}

/** Address of a sample's bounds. */
@inline
function boundsOf(state: KMeansState, samples: usize, lane: i32): usize {
  return state.bounds + (<usize>(load<i32>(samples + (<usize>lane << 2)) * ((state.nGroups + 3) & ~3)) << 2);
}

/** Makes a group's bound cover one more center, at `distance` or farther. */
function lowerTo(state: KMeansState, samples: usize, lane: i32, group: i32, distance: f32): void {
  const at = boundsOf(state, samples, lane) + (<usize>group << 2);
  const value = (distance + load<f32>(state.groupClocks + (<usize>group << 2))) * ROUND_DOWN;
  if (value < load<f32>(at)) store<f32>(at, value);
}
