import type { SegmentRecord } from '../contracts/records.ts';

/** Share of a cluster above which a trait is its own. */
const MOST = 0.6;
/** How much more often than among all visitors, for a trait to tell a cluster from the others. */
const DISTINCTIVE = 1.2;

/** Traits of a cluster, read off its profile. */
export interface ClusterTraits {
  /** By field: the value that most of its visitors have. */
  readonly values: Readonly<Record<string, string>>;
  /** Mean hour of the day on the circle, 0..24; undefined where visitors come at all hours. */
  readonly hour?: number;
  /** Share that came on Saturdays and Sundays. */
  readonly weekend: number;
}

/** What is typical of each cluster. `clusters` are all of one run. */
export function traitsOf(cluster: SegmentRecord): ClusterTraits {
  const values = Object.entries(cluster.categories ?? {}).flatMap(([field, [first]]) =>
    first && first.share >= MOST && first.value !== 'unknown' ? [[field, first.value] as const] : [],
  );
  const mean = (column: string) => cluster.statistics[column]?.mean ?? 0;
  const [sin, cos] = [mean('hour_sin'), mean('hour_cos')];
  const concentrated = Math.hypot(sin, cos) > 0.5;
  const hour = ((Math.atan2(sin, cos) * 24) / (2 * Math.PI) + 24) % 24;
  return { values: Object.fromEntries(values), weekend: mean('weekend'), ...(concentrated && { hour }) };
}

/**
 * Names for the clusters of one run, each another: "Instagram Mobile Users", "Business Hours Desktop Users", "Weekend
 * Visitors". A trait is named where it tells the cluster from the others; where nothing does, the number does.
 */
export function clusterNames(clusters: readonly SegmentRecord[]): Map<number, string> {
  const total = clusters.reduce((sum, { size }) => sum + size, 0);
  const all = clusters.map((cluster) => ({ cluster, traits: traitsOf(cluster) }));
  const shareOf = (cluster: SegmentRecord, field: string, value: string) =>
    cluster.categories?.[field]?.find((entry) => entry.value === value)?.share ?? 0;
  const tells = (cluster: SegmentRecord, field: string, value: string) => {
    const everywhere =
      clusters.reduce((sum, other) => sum + other.size * shareOf(other, field, value), 0) / total;
    return shareOf(cluster, field, value) > DISTINCTIVE * everywhere;
  };
  const weekends = all.reduce((sum, { cluster, traits }) => sum + cluster.size * traits.weekend, 0) / total;
  const names = new Map<number, string>();
  const taken = new Set<string>();
  for (const { cluster, traits } of all) {
    const words: string[] = [];
    if (traits.weekend > MOST && traits.weekend > DISTINCTIVE * weekends) words.push('Weekend');
    if (traits.hour !== undefined) words.push(...timeOf(traits.hour));
    for (const field of ['source', 'stage', 'country', 'channel']) {
      const value = traits.values[field];
      if (value !== undefined && tells(cluster, field, value)) words.push(capitalised(value, field));
    }
    const { device } = traits.values;
    const hasDevice = device !== undefined && tells(cluster, 'device', device);
    if (hasDevice) words.push(capitalised(device, 'device'));
    const name =
      words.length === 0 ? 'Visitors' : `${words.slice(0, 4).join(' ')} ${hasDevice ? 'Users' : 'Visitors'}`;
    const unique = words.length === 0 || taken.has(name) ? `${name} ${cluster.segment_id + 1}` : name;
    taken.add(unique);
    names.set(cluster.segment_id, unique);
  }
  return names;
}

function timeOf(hour: number): string[] {
  if (hour >= 9 && hour < 18) return ['Business Hours'];
  return hour >= 22 || hour < 5 ? ['Late Night'] : hour >= 18 ? ['Evening'] : ['Early'];
}

function capitalised(value: string, field: string): string {
  return field === 'country'
    ? value.toUpperCase()
    : value.replaceAll(
        /(^|[\s_-])(\p{L})/gu,
        (_, gap, letter) => `${gap === '' ? '' : ' '}${letter.toUpperCase()}`,
      );
}
