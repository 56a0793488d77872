import { center_distances_f64, squaredStep } from './kmeans-centers';
import { KMeansState } from './kmeans-state';

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
  /** INOUT f64 [k][4] per shell, how far its samples may be from the center by now; −1 where none is chosen. */
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
      const reach = q == SHELLS - 1 ? f64.MAX_VALUE : 2 * radius * ROUND_UP;
      const dues = movement.dues + (shell * <usize>k << 3);
      let clock = load<f64>(movement.shellClocks + (shell << 3));
      for (let c: usize = 0; c < <usize>k << 3; c += 8) {
        if (c == <usize>a << 3 || load<f64>(distances + c) * ROUND_DOWN > reach) continue;
        clock = max(clock, load<f64>(dues + c));
      }
      for (let c: usize = 0; c < <usize>k << 3; c += 8) store<f64>(dues + c, max(load<f64>(dues + c), clock));
      store<f64>(movement.shellClocks + (shell << 3), clock);
      const before = load<f32>(state.clocks + (shell << 2)), after = <f32>(clock * ROUND_UP);
      most = max(most, <f64>after - <f64>before);
      store<f32>(state.clocks + (shell << 2), after);
      store<f32>(state.radii + (shell << 2), <f32>(radius * ROUND_DOWN));
    }
  }
  return most;
}

/**
 * Adds to the dues of all shells how far their own center has gone, and how much nearer each other has come, at most. A
 * center c that steps by s comes nearer to x by no more than s·(x − c) / |x − c| (distances are convex); and for x within r of
 * the center a the way to x lies within asin(r / |a c|) of the way to a. A step aside brings it less near than its length,
 * a step away takes it farther.
 */
function moveDues(state: KMeansState, movement: CenterMovement): void {
  const k = state.nClusters;
  // Of a step's length, what rounding may take from the root of a difference of nearly equal squares.
  const error = sqrt(<f64>(2 * state.nFeatures + 8) * f64.EPSILON);
  for (let a = 0; a < k; a++) {
    const own = load<f64>(movement.drift + (<usize>a << 3)), radii = movement.radii + (<usize>(a * SHELLS) << 3);
    for (let c = 0; c < k; c++) {
      if (c == a) continue;
      const drift = load<f64>(movement.drift + (<usize>c << 3));
      const distance = load<f64>(movement.distances + (<usize>(a * k + c) << 3));
      const towards = distance > 0 ? stepTowards(state, movement, c, a) / distance : 0;
      const across = sqrt(max(0, drift * drift - towards * towards));
      let due = movement.dues + (<usize>(a * SHELLS * k + c) << 3);
      for (let q = 0; q < SHELLS; q++) {
        let approach = drift;
        const sine = (load<f64>(radii + (<usize>q << 3)) * ROUND_UP) / distance;
        if (q < SHELLS - 1 && sine < 1) {
          const cosine = sqrt(1 - sine * sine);
          if (towards < drift * cosine) approach = towards * cosine + across * sine + error * drift;
        }
        store<f64>(due, load<f64>(due) + own + approach);
        due += <usize>k << 3;
      }
    }
  }
}

/** Scalar product of the step of a center and the way from it to another. */
function stepTowards(state: KMeansState, movement: CenterMovement, center: i32, other: i32): f64 {
  const bytes = <usize>state.nFeatures << 3;
  const from = state.centers + <usize>center * bytes, to = state.centers + <usize>other * bytes;
  const after = movement.after + <usize>center * bytes;
  let sum: f64 = 0;
  for (let j: usize = 0; j < bytes; j += 8) {
    const value = load<f64>(from + j);
    sum += (load<f64>(after + j) - value) * (load<f64>(to + j) - value);
  }
  return sum;
}

/** Samples of a shell may lie farther from its center by all that this has moved. */
@inline
function growRadius(movement: CenterMovement, shell: usize, drift: f64): f64 {
  const at = movement.radii + (shell << 3);
  let radius = load<f64>(at);
  if (radius >= 0) {
    radius += drift;
    store<f64>(at, radius);
  }
  return radius;
}
