import { center_distances_f64, squaredStep } from './kmeans-centers';
import { KMeansState } from './kmeans-state';
import { sumOfLanes } from './simd';

/** Clocks and radii are compared in float32: rounding by this much keeps the bounds right. */
const ROUND_UP: f64 = 1 + 1e-6;
const ROUND_DOWN: f64 = 1 - 1e-6;
const SHELLS: i32 = 4;

/** How far centers have moved; see `CenterMovement` of the host, which lays it out as successive 4-byte fields. */
@unmanaged
class CenterMovement {
  /** IN f64 [k][nFeatures] the centers after a step; before it, they are the state's. */
  after: usize;
  /** SCRATCH f64 [k] how far each has moved. */
  drift: usize;
  /** INOUT f64 [k][4] and f64 [nGroups] the state's clocks before they are rounded. */
  shellClocks: usize;
  groupClocks: usize;
  /** INOUT f64 [k][4] per shell, how far its samples may be from the center by now; the last is infinite. */
  radii: usize;
  /**
   * INOUT f64 [k][4][k] what a shell's clock must show at least where a center is near enough to matter: by how much, at most,
   * that center has come nearer to the shell's samples than their own since their gaps were stored.
   */
  dues: usize;
  /** INOUT f64 [k][k] distances of the centers: before a step, and after it. */
  distances: usize;
}

/**
 * Turns the clocks of shells and groups by a step of the centers, and lets the shells grow.
 * @param byShells whether each shell counts only centers near enough to matter; or all count the farthest
 * Cost: k × nFeatures float64 multiply-adds; by shells k² × (nFeatures × 3 / 2 + 20) steps.
 * @returns squared length of the step over all centers
 */
export function kmeans_advance_f64(stateAddress: usize, movementAddress: usize, byShells: bool): f64 {
  const state = changetype<KMeansState>(stateAddress);
  const movement = changetype<CenterMovement>(movementAddress);
  const shift = measureStep(state, movement);
  const most = byShells ? turnByShells(state, movement) : turnTogether(state, movement);
  state.clock = <f32>((<f64>state.clock + most) * ROUND_UP);
  return shift;
}

function measureStep(state: KMeansState, movement: CenterMovement): f64 {
  const k = state.nClusters, nFeatures = state.nFeatures, bytes = <usize>nFeatures << 3;
  let shift: f64 = 0;
  for (let first = 0; first < k; first += 4) {
    let farthest: f64 = 0;
    for (let c = first; c < min(first + 4, k); c++) {
      const square = squaredStep(state.centers + <usize>c * bytes, movement.after + <usize>c * bytes, nFeatures);
      const drift = sqrt(square);
      shift += square;
      store<f64>(movement.drift + (<usize>c << 3), drift);
      farthest = max(farthest, drift);
    }
    const clock = movement.groupClocks + (<usize>(first >> 2) << 3);
    store<f64>(clock, load<f64>(clock) + farthest);
    store<f32>(state.groupClocks + (<usize>(first >> 2) << 2), <f32>(load<f64>(clock) * ROUND_UP));
  }
  return shift;
}

/** Every cluster's clock counts its own drift and the largest of another. @returns how far the fastest went */
function turnTogether(state: KMeansState, movement: CenterMovement): f64 {
  const k = state.nClusters;
  let largest: f64 = 0, second: f64 = 0;
  let farthest = 0;
  for (let c = 0; c < k; c++) {
    const drift = load<f64>(movement.drift + (<usize>c << 3));
    if (drift > largest) {
      second = largest;
      largest = drift;
      farthest = c;
    } else second = max(second, drift);
  }
  let most: f64 = 0;
  for (let c = 0; c < k; c++) {
    const shell = <usize>(c * SHELLS);
    const own = load<f64>(movement.drift + (<usize>c << 3));
    const clock = load<f64>(movement.shellClocks + (shell << 3)) + own + (c == farthest ? second : largest);
    store<f64>(movement.shellClocks + (shell << 3), clock);
    const before = load<f32>(state.clocks + (shell << 2)), after = <f32>(clock * ROUND_UP);
    most = max(most, <f64>after - <f64>before);
    v128.store(state.clocks + (shell << 2), f32x4.splat(after));
  }
  return most;
}

/** @returns how far the fastest shell's clock went */
function turnByShells(state: KMeansState, movement: CenterMovement): f64 {
  const k = state.nClusters;
  let most: f64 = 0;
  moveDues(state, movement);
  center_distances_f64(movement.after, k, state.nFeatures, movement.distances);
  for (let a = 0; a < k; a++) {
    const distances = movement.distances + (<usize>(a * k) << 3);
    const own = load<f64>(movement.drift + (<usize>a << 3));
    for (let q = 0; q < SHELLS; q++) {
      const shell = <usize>(a * SHELLS + q);
      const radius = growRadius(movement, shell, own);
      const reach = 2 * radius * ROUND_UP;
      const dues = movement.dues + (shell * <usize>k << 3);
      const clock = largestDue(dues, distances, k, reach, load<f64>(movement.shellClocks + (shell << 3)));
      raiseDues(dues, k, clock);
      store<f64>(movement.shellClocks + (shell << 3), clock);
      const before = load<f32>(state.clocks + (shell << 2)), after = <f32>(clock * ROUND_UP);
      most = max(most, <f64>after - <f64>before);
      store<f32>(state.clocks + (shell << 2), after);
      store<f32>(state.radii + (shell << 2), <f32>(radius * ROUND_DOWN));
    }
  }
  return most;
}

/** The largest due of a center within reach, or `clock`. That of the shell's own center never is larger than its clock. */
@inline
function largestDue(dues: usize, distances: usize, k: i32, reach: f64, clock: f64): f64 {
  const bytes = <usize>k << 3, whole = bytes & ~15;
  const down = f64x2.splat(ROUND_DOWN), farthest = f64x2.splat(reach);
  let most = f64x2.splat(clock);
  for (let c: usize = 0; c < whole; c += 16) {
    const isNear = f64x2.le(f64x2.mul(v128.load(distances + c), down), farthest);
    // A due left out counts as 0, which no clock is below.
    most = f64x2.pmax(most, v128.and(v128.load(dues + c), isNear));
  }
  const largest = max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  if (whole == bytes || load<f64>(distances + whole) * ROUND_DOWN > reach) return largest;
  return max(largest, load<f64>(dues + whole));
}

/** Brings dues to at least the clock. */
@inline
function raiseDues(dues: usize, k: i32, clock: f64): void {
  const end = dues + (<usize>k << 3), whole = dues + ((<usize>k << 3) & ~15), least = f64x2.splat(clock);
  for (let due = dues; due < whole; due += 16) v128.store(due, f64x2.pmax(v128.load(due), least));
  if (whole < end) store<f64>(whole, max(load<f64>(whole), clock));
}

/**
 * Adds to the dues of all shells how far their own center has gone, and how much nearer each other has come, at most. A
 * center c that steps by s comes nearer to x by no more than s·(x − c) / |x − c| (distances are convex); and for x within r of
 * the center a the way to x lies within asin(r / |a c|) of the way to a. A step aside brings it less near than its length,
 * a step away takes it farther.
 */
function moveDues(state: KMeansState, movement: CenterMovement): void {
  const k = state.nClusters, row = <usize>k << 3;
  // Of a step's length, what rounding may take from the root of a difference of nearly equal squares.
  const error = sqrt(<f64>(2 * state.nFeatures + 8) * f64.EPSILON);
  for (let a = 0; a < k; a++) {
    const own = load<f64>(movement.drift + (<usize>a << 3)), radii = movement.radii + (<usize>(a * SHELLS) << 3);
    const inner = v128.load(radii), outer = v128.load(radii, 16);
    for (let c = 0; c < k; c++) {
      if (c == a) continue;
      const drift = load<f64>(movement.drift + (<usize>c << 3));
      const distance = load<f64>(movement.distances + (<usize>(a * k + c) << 3));
      // Of centers in one place: infinite, and no sine below 1.
      const inverse = f64x2.splat(ROUND_UP / distance);
      const towards = distance > 0 && drift > 0 ? stepTowards(state, movement, c, a) / distance : 0;
      // What rounding leaves below 0 is as near to it as what it leaves above.
      const across = sqrt(abs(drift * drift - towards * towards));
      const due = movement.dues + (<usize>(a * SHELLS * k + c) << 3);
      addDues(due, row, own, approachOf(f64x2.mul(inner, inverse), drift, towards, across, error));
      addDues(due + 2 * row, row, own, approachOf(f64x2.mul(outer, inverse), drift, towards, across, error));
    }
  }
}

/** How much nearer a center comes, at most, to samples of two shells, whose radii are seen from it at angles of these sines. */
@inline
function approachOf(sine: v128, drift: f64, towards: f64, across: f64, error: f64): v128 {
  const one = f64x2.splat(1), most = f64x2.splat(drift), straight = f64x2.splat(towards);
  const cosine = f64x2.sqrt(f64x2.sub(one, f64x2.mul(sine, sine)));
  const aside = f64x2.add(
    f64x2.add(f64x2.mul(straight, cosine), f64x2.mul(f64x2.splat(across), sine)), f64x2.splat(error * drift),
  );
  // Where the sine is not below 1 the cosine is no number, or 0.
  return v128.bitselect(aside, most, v128.and(f64x2.lt(sine, one), f64x2.lt(straight, f64x2.mul(most, cosine))));
}

/** Adds to the dues of two shells, which lie a row apart. */
@inline
function addDues(due: usize, row: usize, own: f64, approach: v128): void {
  const dues = f64x2.replace_lane(v128.load64_zero(due), 1, load<f64>(due + row));
  const moved = f64x2.add(f64x2.add(dues, f64x2.splat(own)), approach);
  v128.store64_lane(due, moved, 0);
  v128.store64_lane(due + row, moved, 1);
}

/** Scalar product of the step of a center and the way from it to another. */
function stepTowards(state: KMeansState, movement: CenterMovement, center: i32, other: i32): f64 {
  const bytes = <usize>state.nFeatures << 3;
  const from = state.centers + <usize>center * bytes, to = state.centers + <usize>other * bytes;
  const after = movement.after + <usize>center * bytes;
  const fours = bytes & ~31;
  let sum0 = f64x2.splat(0), sum1 = sum0;
  let j: usize = 0;
  for (; j < fours; j += 32) {
    const x0 = v128.load(from + j), x1 = v128.load(from + j, 16);
    sum0 = f64x2.add(sum0, f64x2.mul(f64x2.sub(v128.load(after + j), x0), f64x2.sub(v128.load(to + j), x0)));
    sum1 = f64x2.add(sum1, f64x2.mul(f64x2.sub(v128.load(after + j, 16), x1), f64x2.sub(v128.load(to + j, 16), x1)));
  }
  let sum = sumOfLanes(f64x2.add(sum0, sum1));
  for (; j < bytes; j += 8) {
    const value = load<f64>(from + j);
    sum += (load<f64>(after + j) - value) * (load<f64>(to + j) - value);
  }
  return sum;
}

/** Samples of a shell may lie farther from its center by all that this has moved. */
@inline
function growRadius(movement: CenterMovement, shell: usize, drift: f64): f64 {
  const at = movement.radii + (shell << 3), radius = load<f64>(at) + drift;
  store<f64>(at, radius);
  return radius;
}
