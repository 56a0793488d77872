import { rawCenter } from '../clustering/model.ts';
import type { Model } from '../contracts/artifacts.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import type { CategoryProfiles } from './category-profile.ts';
import { nameSegments, type SegmentName } from './name.ts';
import type { NameRule } from './name-rules.ts';
import type { SegmentProfile, SegmentProfiles } from './profile.ts';

/** A named segment without the run it belongs to: an element of artefact `segment_profiles.json`. */
export type SegmentDescription = Omit<SegmentRecord, 'tenant' | 'dataset' | 'run_id'>;

/** What the analysis of a table says of one segment. */
export interface SegmentWords extends SegmentName {
  readonly distinctive: NonNullable<SegmentDescription['distinctive']>;
}

/**
 * Names and describes the segments of a model by the merged profile of all rows, the largest first.
 * @param words per cluster of a table; the segments of orders are named by the rules of RFM
 */
export function describeSegments(
  profiles: SegmentProfiles,
  model: Model,
  categories?: CategoryProfiles,
  words?: readonly SegmentWords[],
  rules?: readonly NameRule[],
): SegmentDescription[] {
  const segments = profiles.segments();
  const names: ReadonlyMap<number, SegmentName> = words
    ? new Map(words.entries())
    : namesByRules(segments, profiles, rules);
  const idOf = (cluster: number) => model.segmentIds?.[cluster] ?? cluster;
  return segments.map(({ segmentId, size, statistics }) => ({
    segment_id: idOf(segmentId),
    name: names.get(segmentId)?.name ?? `Segment ${idOf(segmentId)}`,
    size,
    share: size / profiles.total,
    name_rule: names.get(segmentId)?.nameRule ?? 'no rule of the table holds',
    statistics,
    center: rawCenter(model, segmentId),
    ...(words && {
      categories: categories?.top(segmentId, size) ?? {},
      distinctive: words[segmentId]?.distinctive ?? [],
    }),
  }));
}

function namesByRules(
  segments: readonly SegmentProfile[],
  profiles: SegmentProfiles,
  rules: readonly NameRule[] | undefined,
): Map<number, SegmentName> {
  const medians = segments.map(({ segmentId, statistics }) => ({
    segmentId,
    medians: Object.fromEntries(Object.entries(statistics).map(([name, { median }]) => [name, median])),
  }));
  return nameSegments(medians, profiles.populationQuantile(), rules);
}
