import type { SegmentationConfig, SegmentationMode, SegmentField } from '../contracts/experiment.ts';

/** Key of the one segment that everybody is in where nobody is parted. */
export const DEFAULT_SEGMENT = 'default';
/** Key of visitors who come when an experiment has all the segments it may have. */
export const OTHER_SEGMENT = 'other';

/** What is in force: a mode that is not enabled parts nobody. */
export function modeInForce({ enabled, mode }: SegmentationConfig): SegmentationMode {
  return enabled ? mode : 'disabled';
}

/** Key of a manual segment, `source:instagram|device:mobile`: the fields in the order that they were chosen in (S2-14). */
export function manualSegmentKey(
  context: Readonly<Partial<Record<SegmentField, unknown>>>,
  segmentBy: readonly SegmentField[],
): string {
  return segmentBy.map((field) => `${field}:${String(context[field] ?? 'unknown')}`).join('|');
}

/** A cluster of one run inside the counters: clusters of another run are other segments, whatever their number. */
export function clusterSegment(
  cluster: number,
  runId: string,
): { readonly key: string; readonly segment: string } {
  return { key: `cluster_${cluster}`, segment: `cluster_${cluster}#${runId}` };
}

/** The key that callers see of a segment. */
export function publicKey(segment: string): string {
  return segment.startsWith('cluster_') ? (segment.split('#')[0] ?? segment) : segment;
}

/** The keys that a new segment learns from, the nearest first: its own without the last field, and so on. */
export function parentKeys(segment: string): string[] {
  const parts = segment.split('|');
  return parts.slice(1).map((_, n) => parts.slice(0, parts.length - 1 - n).join('|'));
}

/** Whether a segment lies in another, or is it. */
export function liesIn(segment: string, parent: string): boolean {
  return segment === parent || segment.startsWith(`${parent}|`);
}

const capitalised = (text: string) =>
  text.replaceAll(
    /(^|[\s_-])(\p{L})/gu,
    (_, gap, letter) => `${gap === '' ? '' : ' '}${letter.toUpperCase()}`,
  );

/** A name to read: "Instagram Traffic", "Google Mobile Users"; a key that says nothing is "All Visitors". */
export function displayName(key: string): string {
  if (key === DEFAULT_SEGMENT) return 'All Visitors';
  if (key === OTHER_SEGMENT) return 'Other Visitors';
  const values = new Map(
    key
      .split('|')
      .map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)] as const),
  );
  const words = [...values].flatMap(([field, value]) => {
    if (field === 'is_weekend') return [value === 'true' ? 'Weekend' : 'Weekday'];
    if (value === 'unknown') return [`Unknown ${capitalised(field)}`];
    return [field === 'country' ? value.toUpperCase() : capitalised(value)];
  });
  return `${words.join(' ')} ${values.has('device') ? 'Users' : 'Traffic'}`;
}
