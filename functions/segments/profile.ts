import type { FeatureStatistics } from '../contracts/records.ts';
import { addExact, type Expansion, mergeExact, roundExact } from '../stats/exact-sum.ts';
import { type EncodedDigest, QuantileDigest } from '../stats/quantiles.ts';

/** One raw feature over the rows of one segment, so far. */
interface PartialFeature {
  /** Exact expansion of the sum. */
  readonly sum: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly quantiles: EncodedDigest;
}

/** Profile of some of the rows: a document that merges with others in any order without rounding. */
export interface PartialProfile {
  readonly segments: readonly {
    readonly segmentId: number;
    readonly size: number;
    readonly features: Readonly<Record<string, PartialFeature>>;
  }[];
}

/** One segment over all rows: four statistics per raw feature. */
export interface SegmentProfile {
  readonly segmentId: number;
  readonly size: number;
  readonly statistics: Readonly<Record<string, FeatureStatistics>>;
}

/** Running statistics of one feature over one segment. */
class FeatureProfile {
  readonly sum: Expansion = [];
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly digest = new QuantileDigest();

  /** A missing value (NaN) is none. */
  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.digest.add(value);
    addExact(this.sum, value);
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }

  merge({ sum, min, max, quantiles }: PartialFeature): void {
    this.digest.mergeEncoded(quantiles);
    mergeExact(this.sum, sum);
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
  }

  toJSON(): PartialFeature {
    return { sum: this.sum, min: this.min, max: this.max, quantiles: this.digest.toJSON() };
  }

  statistics(): FeatureStatistics {
    const { sum, min, max, digest } = this;
    // A bucketed median may overshoot the extremes, which are exact.
    const median = Math.min(max, Math.max(min, digest.median()));
    return { mean: roundExact(sum) / digest.total, median, min, max };
  }
}

/** Profiles of all segments of a clustering on raw features. Sums are exact: no order of rows or parts changes a bit. */
export class SegmentProfiles {
  readonly #featureNames: readonly string[];
  readonly #segments: readonly { size: number; readonly features: readonly FeatureProfile[] }[];

  constructor(nClusters: number, featureNames: readonly string[]) {
    this.#featureNames = featureNames;
    this.#segments = Array.from({ length: nClusters }, () => ({
      size: 0,
      features: featureNames.map(() => new FeatureProfile()),
    }));
  }

  /** Rows profiled. */
  get total(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds rows: their labels and, in order of the feature names, their raw columns. */
  addRows(labels: Int32Array, columns: readonly Float64Array[]): void {
    labels.forEach((label, row) => {
      const segment = this.#segments[label];
      if (segment === undefined) {
        throw new RangeError(`Row ${row} has label ${label}; expected 0 to ${this.#segments.length - 1}.`);
      }
      segment.size++;
      segment.features.forEach((feature, f) => {
        feature.add(columns[f]?.[row] ?? Number.NaN);
      });
    });
  }

  /** Adds what another worker profiled. */
  merge(partial: PartialProfile): void {
    for (const { segmentId, size, features } of partial.segments) {
      const segment = this.#segments[segmentId];
      if (segment === undefined) continue;
      segment.size += size;
      this.#featureNames.forEach((name, f) => {
        const other = features[name];
        if (other !== undefined) segment.features[f]?.merge(other);
      });
    }
  }

  /** Segments without a row are left out. */
  toJSON(): PartialProfile {
    return {
      segments: this.#occupied().map(({ segmentId, size, features }) => ({
        segmentId,
        size,
        features: this.#byName(features, (feature) => feature.toJSON()),
      })),
    };
  }

  /** Statistics of every segment that has a row, by ascending id. */
  segments(): SegmentProfile[] {
    return this.#occupied().map(({ segmentId, size, features }) => ({
      segmentId,
      size,
      statistics: Object.fromEntries(
        // A feature without a value in this segment has no statistics.
        this.#featureNames.flatMap((name, f) => {
          const feature = features[f];
          return feature && feature.digest.total > 0 ? [[name, feature.statistics()]] : [];
        }),
      ),
    }));
  }

  /** Values of one feature over the rows of all segments together. */
  population(name: string): {
    readonly digest: QuantileDigest;
    readonly mean: number;
    readonly missing: number;
  } {
    const f = this.#featureNames.indexOf(name);
    const digest = new QuantileDigest();
    const sum: Expansion = [];
    for (const { features } of this.#segments) {
      const feature = features[f];
      if (feature === undefined) continue;
      digest.merge(feature.digest);
      mergeExact(sum, feature.sum);
    }
    return { digest, mean: roundExact(sum) / digest.total, missing: this.total - digest.total };
  }

  /** Quantiles of each feature over the rows of all segments together. */
  populationQuantile(): (feature: string, q: number) => number {
    const digests = this.#featureNames.map((_, f) => {
      const whole = new QuantileDigest();
      for (const { features } of this.#segments) whole.merge(features[f]?.digest ?? new QuantileDigest());
      return whole;
    });
    return (feature, q) => digests[this.#featureNames.indexOf(feature)]?.quantile(q) ?? Number.NaN;
  }

  #occupied() {
    return this.#segments
      .map((segment, segmentId) => ({ ...segment, segmentId }))
      .filter(({ size }) => size > 0);
  }

  #byName<T>(features: readonly FeatureProfile[], of: (feature: FeatureProfile) => T): Record<string, T> {
    return Object.fromEntries(
      this.#featureNames.map((name, f) => [name, of(features[f] ?? new FeatureProfile())]),
    );
  }
}
