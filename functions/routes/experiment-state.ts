import { experimentNotFound } from '../allocate-visitor.ts';
import type { ExperimentRecord, SegmentCounters } from '../contracts/experiment.ts';
import { type ServedClusters, servedClusters } from '../experiment-clusters.ts';
import type { ExperimentRef, ExperimentState } from '../experiment-ports.ts';
import { clusterNames, traitsOf } from '../experiments/cluster-names.ts';
import { DEFAULT_SEGMENT, displayName, OTHER_SEGMENT, publicKey } from '../experiments/segment-key.ts';
import type { Ports } from '../ports.ts';

/** A segment with what callers call it. */
export interface NamedSegment {
  readonly key: string;
  readonly name: string;
  readonly type: 'default' | 'manual' | 'auto';
  readonly sums: SegmentCounters['sums'];
  /** What its visitors have in common. */
  readonly characteristics: Readonly<Record<string, string>>;
}

/** All of an experiment but its assignments. @throws NotFoundError */
export async function stateOf(
  { experiments }: Pick<Ports, 'experiments'>,
  ref: ExperimentRef,
): Promise<ExperimentState> {
  const state = await experiments.state(ref);
  if (state) return state;
  throw experimentNotFound(ref.experiment_id);
}

/** The segments with their names; clusters of former trainings, which no visitor is put into any more, are left out. */
export async function namedSegments(
  ports: Ports,
  ref: ExperimentRef,
  { segmentation }: ExperimentRecord,
  segments: readonly SegmentCounters[],
): Promise<NamedSegment[]> {
  const hasClusters =
    segmentation.mode === 'auto' || segments.some(({ segment }) => segment.startsWith('cluster_'));
  const clusters = hasClusters ? await servedClusters(ports, ref) : undefined;
  const names = clusters && clusterNames(clusters.segments);
  return segments.flatMap(({ segment, sums }): NamedSegment[] => {
    const key = publicKey(segment);
    if (key === segment) {
      const type = key === DEFAULT_SEGMENT || key === OTHER_SEGMENT ? 'default' : 'manual';
      return [
        { key, name: displayName(key), type, sums, characteristics: type === 'manual' ? fieldsOf(key) : {} },
      ];
    }
    if (!clusters || !segment.endsWith(`#${clusters.runId}`)) return [];
    const cluster = Number(key.slice('cluster_'.length));
    const name = names?.get(cluster) ?? key;
    return [{ key, name, type: 'auto', sums, characteristics: characteristicsOf(clusters, cluster) }];
  });
}

function fieldsOf(key: string): Record<string, string> {
  return Object.fromEntries(
    key.split('|').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]),
  );
}

function characteristicsOf({ segments }: ServedClusters, cluster: number): Record<string, string> {
  const record = segments.find(({ segment_id }) => segment_id === cluster);
  if (!record) return {};
  const { values, hour, weekend } = traitsOf(record);
  return {
    ...values,
    ...(hour !== undefined && { hour: hour.toFixed(0) }),
    weekend_share: weekend.toFixed(2),
  };
}
