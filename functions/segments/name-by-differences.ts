import type { Model } from '../contracts/artifacts.ts';
import type { SegmentName } from './name.ts';

/** How far a segment's mean lies from that of all rows, in standard deviations of the rows. */
export interface FeatureDifference {
  readonly feature: string;
  readonly difference: number;
}

/** What of a model tells its clusters apart. */
export type DescribedModel = Pick<Model, 'recipe' | 'centers' | 'sizes' | 'importance'>;

/** Features that are told of a segment. */
const TOLD = 5;
/** Features that make a name, and how far out they must lie: half a standard deviation, Cohen's "medium" effect. */
const NAMED = 2;
const LEAST = 0.5;

/**
 * The features that tell each cluster apart, furthest out first, from the model alone: the mean of all rows is that of the
 * centers by size, and the share of variance between clusters (η²) gives the whole variance.
 */
export function distinctiveFeatures({
  recipe,
  centers,
  sizes,
  importance,
}: DescribedModel): FeatureDifference[][] {
  const nSamples = sizes.reduce((sum, size) => sum + size, 0);
  const means = recipe.features.map(
    (_, j) => centers.reduce((sum, center, c) => sum + sizes[c]! * center[j]!, 0) / nSamples,
  );
  const deviations = recipe.features.map((_, j) => {
    const between = centers.reduce((sum, center, c) => sum + sizes[c]! * (center[j]! - means[j]!) ** 2, 0);
    const { explained = 0 } = importance[j] ?? {};
    return explained > 0 ? Math.sqrt(between / explained / nSamples) : Number.POSITIVE_INFINITY;
  });
  return centers.map((center) =>
    recipe.features
      .map(({ name }, j) => ({ feature: name, difference: (center[j]! - means[j]!) / deviations[j]! }))
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
      .slice(0, TOLD),
  );
}

/**
 * Names clusters of any features by what tells them apart: `High score, country BR`. Equal names get numbers, the larger
 * cluster the plain one; a cluster that nothing tells apart is `Average`.
 */
export function nameByDifferences(model: DescribedModel): Map<number, SegmentName> {
  const isFlag = new Map(model.recipe.features.map(({ name, unit }) => [name, unit === '0/1']));
  const used = new Map<string, number>();
  return new Map(
    distinctiveFeatures(model).map((differences, segmentId) => {
      const far = differences.filter(({ difference }) => Math.abs(difference) >= LEAST);
      const words = far
        .slice(0, NAMED)
        .map(({ feature, difference }) => inWords(feature, difference, isFlag.get(feature)));
      const text = words.join(', ');
      const plain = text === '' ? 'Average' : text.charAt(0).toUpperCase() + text.slice(1);
      const count = (used.get(plain) ?? 0) + 1;
      used.set(plain, count);
      const told = differences
        .slice(0, NAMED)
        .map(({ feature, difference }) => `${feature} ${difference > 0 ? '+' : ''}${difference.toFixed(2)}`);
      const nameRule =
        far.length > 0
          ? `furthest from the mean of all, in standard deviations: ${told.join(', ')}`
          : `no feature lies ${LEAST} standard deviations from the mean of all; furthest: ${told.join(', ')}`;
      return [segmentId, { name: count > 1 ? `${plain} ${count}` : plain, nameRule }];
    }),
  );
}

function inWords(feature: string, difference: number, isFlag = false): string {
  if (!isFlag) return `${difference > 0 ? 'high' : 'low'} ${feature}`;
  const [, absent] = /^(.+)_missing$/.exec(feature) ?? [];
  if (absent !== undefined) return difference > 0 ? `no ${absent}` : `${absent} known`;
  const [, column, value] = /^(.+?)[=~](.*)$/.exec(feature) ?? [];
  const what = column === undefined ? feature : `${column} ${value}`;
  return difference > 0 ? what : `not ${what}`;
}
