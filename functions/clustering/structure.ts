import type { Matrix } from '../arrow/matrix.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Kernels } from '../kernels/instance.ts';
import { Random } from '../stats/random.ts';
import { kmeans } from './kmeans.ts';
import { rowsAt } from './silhouette-interval.ts';
import { independentReference, type Reference, uniformReference } from './structure-reference.ts';
import { silhouetteScore } from './validity.ts';

/**
 * Whether there are clusters at all. `none`: tables without clusters score as high. `columns`: more than a shapeless
 * cloud, but shuffling every column by itself scores as high: a heavy tail or several modes of single columns. `joint`:
 * the columns together form groups.
 */
export type StructureVerdict = 'none' | 'columns' | 'joint';

export interface StructureAssessment {
  readonly verdict: StructureVerdict;
  /** The verdict and its numbers, in words. */
  readonly reason: string;
  /** Best mean silhouette over the numbers of clusters tried. */
  readonly silhouette: number;
  readonly nClusters: number;
  /** Share of uniform tables that scored at least as high, the data counted as one of them. */
  readonly pUniform: number;
  /** The same against tables with shuffled columns; 1 is reported for a single column, where there are none. */
  readonly pIndependent: number;
}

export interface StructureOptions {
  readonly seed: number;
  readonly minClusters?: number;
  readonly maxClusters?: number;
  /** Tables of each kind to compare with, default 39: the smallest p is then 1/40. */
  readonly nReferences?: number;
  /** Rows used at most, drawn at random; default 2,000. */
  readonly maxRows?: number;
  /** Verdicts hold at this level, default 0.05. */
  readonly level?: number;
}

/**
 * Tests the best silhouette of k-means over a few numbers of clusters against tables without clusters, by Monte Carlo
 * (the reference of the gap statistic, and independent columns).
 * @throws InsufficientDataError when there are fewer different rows than clusters
 */
export function assessStructure(
  kernels: Kernels,
  data: Matrix,
  options: StructureOptions,
): StructureAssessment {
  const { seed, minClusters = 2, maxClusters = 6, nReferences = 39, maxRows = 2000, level = 0.05 } = options;
  if (!(minClusters >= 2 && maxClusters >= minClusters && nReferences >= 1)) {
    throw new InvalidRequestError(
      `minClusters ${minClusters}, maxClusters ${maxClusters}, nReferences ${nReferences}: clusters are compared ` +
        'from 2 on, up to at least as many, against at least one reference.',
    );
  }
  const random = new Random(seed);
  const rows = data.nSamples > maxRows ? rowsAt(data, random.fork(0).sample(data.nSamples, maxRows)) : data;
  const score = (matrix: Matrix) => bestSilhouette(kernels, matrix, minClusters, maxClusters, seed);
  const observed = score(rows);
  const pValue = (reference: Reference, part: number) => {
    let atLeast = 1;
    for (let i = 0; i < nReferences; i++) {
      if (score(reference(random.fork(part).fork(i))).silhouette >= observed.silhouette) atLeast++;
    }
    return atLeast / (nReferences + 1);
  };
  const pUniform = pValue(uniformReference(rows), 1);
  const pIndependent = rows.nFeatures === 1 ? 1 : pValue(independentReference(rows), 2);
  const verdict: StructureVerdict = pUniform > level ? 'none' : pIndependent > level ? 'columns' : 'joint';
  return {
    verdict,
    reason: reasonOf(verdict, observed, pUniform, pIndependent),
    ...observed,
    pUniform,
    pIndependent,
  };
}

function bestSilhouette(kernels: Kernels, matrix: Matrix, min: number, max: number, seed: number) {
  let best = { silhouette: Number.NEGATIVE_INFINITY, nClusters: min };
  for (let nClusters = min; nClusters <= max; nClusters++) {
    const { labels } = kmeans(kernels, matrix, { nClusters, seed, nInit: 2 });
    const silhouette = silhouetteScore(kernels, matrix, labels, nClusters);
    if (silhouette > best.silhouette) best = { silhouette, nClusters };
  }
  return best;
}

function reasonOf(
  verdict: StructureVerdict,
  { silhouette, nClusters }: { silhouette: number; nClusters: number },
  pUniform: number,
  pIndependent: number,
): string {
  const found = `The best silhouette is ${silhouette.toFixed(3)}, with ${nClusters} clusters`;
  const uniform = `tables of uniform rows reach it with p = ${pUniform.toFixed(3)}`;
  const shuffled = `tables with shuffled columns with p = ${pIndependent.toFixed(3)}`;
  if (verdict === 'none') return `No structure: ${found}; ${uniform}.`;
  if (verdict === 'columns') return `Structure of single columns only: ${found}; ${uniform}, ${shuffled}.`;
  return `Structure: ${found}; ${uniform}, ${shuffled}.`;
}
