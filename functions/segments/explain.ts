import { InvalidRequestError } from '../errors.ts';

/** What one feature adds to a distance. */
export interface DistancePart {
  readonly feature: string;
  /** (x − c)², scaled units; for margins (x − r)² − (x − c)², which may be negative. */
  readonly part: number;
  /** part ÷ the whole; 0 where the whole is 0. */
  readonly share: number;
}

/** Why a customer is in its segment. The runner-up is the nearest of all other centers. */
export interface PlacementExplanation {
  readonly cluster: number;
  /** Euclidean distance to the center, scaled units. */
  readonly distance: number;
  /** Parts of the squared distance, the largest first; they sum to it. */
  readonly distanceParts: readonly DistancePart[];
  /** The next nearest center; undefined when there is one center only. */
  readonly runnerUp:
    | {
        readonly cluster: number;
        readonly distance: number;
        /** (runner-up's − own distance) ÷ runner-up's, 0 (on the border) to 1 (on the center); below 0 where it is nearer. */
        readonly margin: number;
        /** Parts of (runner-up's − own) squared distance: what speaks for the segment first, what against it last. */
        readonly marginParts: readonly DistancePart[];
      }
    | undefined;
}

/**
 * Explains where a row is placed: the float64 squared distance to its nearest center (the lowest index on ties), feature
 * by feature, and what keeps it from the runner-up. A row that is held elsewhere is explained by the center it is held at.
 * @param row kernel features
 * @param features names, in order of the row
 * @param placed cluster that the row is held in; default: the nearest
 * @throws InvalidRequestError without a center, or when the row has another length than the names
 */
export function explainPlacement(
  row: ArrayLike<number>,
  centers: readonly ArrayLike<number>[],
  features: readonly string[],
  placed?: number,
): PlacementExplanation {
  if (centers.length === 0 || row.length !== features.length) {
    throw new InvalidRequestError(
      `There are ${centers.length} centers, and ${row.length} values for ${features.length} features: a row needs ` +
        'one value per feature, and a center to belong to.',
    );
  }
  const squares = centers.map((center) => features.map((_, f) => (row[f]! - center[f]!) ** 2));
  const [own, next] = squares
    .map((parts, cluster) => ({ cluster, parts, squared: sumOf(parts) }))
    .sort(
      (a, b) =>
        Number(b.cluster === placed) - Number(a.cluster === placed) ||
        a.squared - b.squared ||
        a.cluster - b.cluster,
    );
  const { cluster, parts, squared } = own!;
  const distance = Math.sqrt(squared);
  return {
    cluster,
    distance,
    distanceParts: partsOf(features, parts, squared),
    runnerUp: next && {
      cluster: next.cluster,
      distance: Math.sqrt(next.squared),
      margin: next.squared === 0 ? 0 : 1 - distance / Math.sqrt(next.squared),
      marginParts: partsOf(
        features,
        next.parts.map((part, f) => part - parts[f]!),
        next.squared - squared,
      ),
    },
  };
}

function partsOf(features: readonly string[], parts: readonly number[], whole: number): DistancePart[] {
  return features
    .map((feature, f) => ({ feature, part: parts[f]!, share: whole === 0 ? 0 : parts[f]! / whole }))
    .sort((a, b) => b.part - a.part);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
