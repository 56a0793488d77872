import type { BenchCase } from './bench-case.ts';
import { BISECTING_CASES } from './bisecting-cases.ts';
import { DBSCAN_CASES } from './dbscan-cases.ts';
import { KMEANS_CASES } from './kmeans-cases.ts';
import { LINKAGE_CASES } from './linkage-cases.ts';
import { VALIDITY_CASES } from './validity-cases.ts';

/** The paired cases of the suite, in its order. */
export const CASES: readonly BenchCase[] = [
  ...KMEANS_CASES,
  ...BISECTING_CASES,
  ...DBSCAN_CASES,
  ...LINKAGE_CASES,
  ...VALIDITY_CASES,
];
