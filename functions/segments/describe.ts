import { rawCenter } from '../clustering/model.ts';
import type { Model } from '../contracts/artifacts.ts';
import type { SegmentRecord } from '../contracts/records.ts';
import { nameSegments } from './name.ts';
import type { NameRule } from './name-rules.ts';
import type { SegmentProfiles } from './profile.ts';

/** A named segment without the run it belongs to: an element of artefact `segment_profiles.json`. */
export type SegmentDescription = Omit<SegmentRecord, 'tenant' | 'dataset' | 'run_id'>;

/** Names and describes the segments of a model by the merged profile of all rows, in order of their ids. */
export function describeSegments(
  profiles: SegmentProfiles,
  model: Model,
  rules?: readonly NameRule[],
): SegmentDescription[] {
  const segments = profiles.segments();
  const medians = segments.map(({ segmentId, statistics }) => ({
    segmentId,
    medians: Object.fromEntries(Object.entries(statistics).map(([name, { median }]) => [name, median])),
  }));
  const names = nameSegments(medians, profiles.populationQuantile(), rules);
  return segments.map(({ segmentId, size, statistics }) => ({
    segment_id: segmentId,
    name: names.get(segmentId)?.name ?? `Segment ${segmentId}`,
    size,
    share: size / profiles.total,
    name_rule: names.get(segmentId)?.nameRule ?? 'no rule of the table holds',
    statistics,
    center: rawCenter(model, segmentId),
  }));
}
