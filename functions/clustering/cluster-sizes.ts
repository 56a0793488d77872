import { InsufficientDataError, InvalidRequestError } from '../errors.ts';

/**
 * Number of rows of each cluster, for a score that compares clusters.
 * @throws InvalidRequestError for a label outside 0 … nClusters − 1, or not one label per row
 * @throws InsufficientDataError when fewer than two clusters have rows
 */
export function comparableSizes(labels: Int32Array, nSamples: number, nClusters: number): Int32Array {
  if (labels.length !== nSamples) {
    throw new InvalidRequestError(`${nSamples} rows need ${nSamples} labels; ${labels.length} were given.`);
  }
  const sizes = new Int32Array(nClusters);
  for (let row = 0; row < nSamples; row++) {
    const label = labels[row]!;
    if (label < 0 || label >= nClusters) {
      throw new InvalidRequestError(
        `Row ${row} has label ${label}; labels must be from 0 to ${nClusters - 1}. Leave noise rows out first.`,
        { reason: 'label', row },
      );
    }
    sizes[label]!++;
  }
  const used = sizes.filter((size) => size > 0).length;
  if (used < 2) {
    throw new InsufficientDataError(
      `Clusters can be compared when at least 2 have rows; ${used} of ${nClusters} have. Use more clusters or more data.`,
      { reason: 'clusters', clustersWithRows: used },
    );
  }
  return sizes;
}
