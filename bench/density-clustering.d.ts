declare module 'density-clustering' {
  /** Rows are arrays; returns the clusters as lists of row numbers and keeps the noise. */
  class DBSCAN {
    noise: number[];
    run(rows: readonly (readonly number[])[], eps: number, minSamples: number): number[][];
  }
  const all: { DBSCAN: typeof DBSCAN };
  // The package is CommonJS: its exports arrive as the default.
  export = all;
}
