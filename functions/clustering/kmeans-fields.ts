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
  staleSamples: 38,
  list: 39,
  touched: 40,
  fixedRows: 41,
  fixedLengths: 42,
  fixedUnits: 43,
  fixedCenters: 44,
  fixedHalfNorms: 45,
  fixedError: 46,
  fixedRounding: 47,
  fixedUnit: 48,
  fixedLimit: 49,
  toInteger: 50,
  moves: 51,
} as const;

/** Fields of a state. */
export const N_FIELDS = 52;
