/**
 * Numbers of the 4-byte fields behind a state's address; mirrors `KMeansState` in wasm/kmeans-state.ts. Those left out are set
 * in a row.
 */
export const FIELD = {
  bounds: 3,
  sums: 12,
  counts: 13,
  relativeError: 14,
  absoluteError: 15,
  order: 16,
  queues: 19,
  queueLengths: 20,
  tile: 21,
  groupMinima: 22,
  boundsTile: 23,
  openGroups: 24,
  squares: 25,
  radii: 26,
  weights: 27,
  weightSums: 28,
  tiles: 29,
  decisions: 30,
  exactDecisions: 31,
  halfNorms: 32,
  largestSquare: 33,
  productError: 34,
  squaredNorms: 35,
  blocks: 36,
  keys: 37,
  list: 38,
  touched: 39,
  fixedRows: 40,
  fixedLengths: 41,
  fixedUnits: 42,
  fixedCenters: 43,
  fixedHalfNorms: 44,
  fixedError: 45,
  fixedRounding: 46,
  fixedUnit: 47,
  fixedLimit: 48,
  toInteger: 49,
  moves: 50,
  blockGaps: 51,
  clock: 52,
} as const;

/** Fields of a state. */
export const N_FIELDS = 53;
