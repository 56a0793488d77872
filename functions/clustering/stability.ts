import { InvalidRequestError } from '../errors.ts';
import { Random } from '../stats/random.ts';

export interface StabilityOptions {
  readonly seed: number;
  /** Bootstrap samples, default 50. */
  readonly nResamples?: number;
}

/** How well each cluster comes back when the rows are drawn again. */
export interface Stability {
  /** Mean Jaccard similarity per cluster, 0..1; NaN for one without rows. From 0.75 on a cluster is stable. */
  readonly jaccard: Float64Array;
  /** Share of the samples in which the cluster dissolved: its similarity was at most 0.5. */
  readonly dissolved: Float64Array;
  readonly nResamples: number;
}

/** At or below this similarity a cluster has dissolved (Hennig 2007). */
const DISSOLVED = 0.5;

/**
 * Cluster-wise stability by the bootstrap (Hennig, "Cluster-wise assessment of cluster stability", 2007): rows are
 * drawn with replacement and clustered anew; each original cluster is compared, on the rows drawn, with the new cluster
 * most similar to it by Jaccard. Rows labelled −1 belong to no cluster.
 * @param refit clusters the rows with these numbers (repeats included): a label from 0, or −1, for each
 * @throws InvalidRequestError for no resamples, or when `refit` does not label every row it was given
 */
export function clusterStability(
  labels: Int32Array,
  nClusters: number,
  refit: (rows: Int32Array) => Int32Array,
  { seed, nResamples = 50 }: StabilityOptions,
): Stability {
  if (!Number.isInteger(nResamples) || nResamples < 1) {
    throw new InvalidRequestError(`nResamples is ${nResamples}: it must be a whole number from 1.`);
  }
  const random = new Random(seed);
  const jaccard = new Float64Array(nClusters);
  const dissolved = new Float64Array(nClusters);
  const drawnIn = new Int32Array(nClusters);
  for (let resample = 0; resample < nResamples; resample++) {
    const draw = random.fork(resample);
    const rows = Int32Array.from(labels, () => draw.integer(labels.length)).sort();
    const refitted = refit(rows);
    if (refitted.length !== rows.length) {
      throw new InvalidRequestError(
        `${rows.length} rows were to be clustered, ${refitted.length} labels came back.`,
      );
    }
    for (const [cluster, similarity] of bestJaccard(labels, rows, refitted)) {
      jaccard[cluster]! += similarity;
      dissolved[cluster]! += similarity <= DISSOLVED ? 1 : 0;
      drawnIn[cluster]! += 1;
    }
  }
  return {
    jaccard: jaccard.map((sum, cluster) => sum / drawnIn[cluster]!),
    dissolved: dissolved.map((count, cluster) => count / drawnIn[cluster]!),
    nResamples,
  };
}

/** Per original cluster with a row drawn: its similarity with the most similar new one. A row drawn twice counts once. */
function bestJaccard(labels: Int32Array, rows: Int32Array, refitted: Int32Array): Map<number, number> {
  const sizes = new Map<number, number>();
  const newSizes = new Map<number, number>();
  const shared = new Map<number, Map<number, number>>();
  rows.forEach((row, i) => {
    if (i > 0 && rows[i - 1] === row) return;
    const label = labels[row]!;
    const newLabel = refitted[i]!;
    if (newLabel >= 0) newSizes.set(newLabel, (newSizes.get(newLabel) ?? 0) + 1);
    if (label < 0) return;
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
    const ofLabel = shared.get(label) ?? new Map<number, number>();
    shared.set(label, ofLabel);
    if (newLabel >= 0) ofLabel.set(newLabel, (ofLabel.get(newLabel) ?? 0) + 1);
  });
  const best = new Map<number, number>();
  for (const [label, size] of sizes) {
    let most = 0;
    for (const [newLabel, both] of shared.get(label)!) {
      most = Math.max(most, both / (size + newSizes.get(newLabel)! - both));
    }
    best.set(label, most);
  }
  return best;
}
