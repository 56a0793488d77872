import { decodeArrow } from './arrow/ipc.ts';
import type { RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { ObjectStore } from './ports.ts';

/** A row of the labels of one bucket. */
export interface LabelPosition {
  readonly bucket: number;
  readonly row: number;
}

/** Members of one cluster in one bucket, in canonical order; arrays of one length. */
export interface MemberBatch {
  readonly bucket: number;
  /** Rows of the bucket that they stand in, ascending. */
  readonly rows: Int32Array;
  readonly ids: readonly string[];
  /** Euclidean, to the center, scaled features. */
  readonly distances: Float64Array;
  /** 0..1. */
  readonly confidences: Float64Array;
}

/** Members of a cluster from a position on, one bucket's labels in memory at a time; buckets without any are passed over. */
export async function* memberBatches(
  objects: ObjectStore,
  { run, nBuckets }: Pick<RunPlan, 'run' | 'nBuckets'>,
  cluster: number,
  from: LabelPosition = { bucket: 0, row: 0 },
): AsyncGenerator<MemberBatch> {
  for (let { bucket, row } = from; bucket < nBuckets; bucket++, row = 0) {
    const labels = decodeArrow(await objects.read(runKeys(run).labels(bucket)));
    const clusters = labels.int32('cluster');
    const found: number[] = [];
    for (let at = clusters.indexOf(cluster, row); at >= 0; at = clusters.indexOf(cluster, at + 1)) {
      found.push(at);
    }
    if (found.length === 0) continue;
    const rows = Int32Array.from(found);
    const [ids, distances, confidences] = [
      labels.strings('customer_id'),
      labels.float64('distance'),
      labels.float64('confidence'),
    ];
    yield {
      bucket,
      rows,
      ids: Array.from(rows, (at) => ids[at]!),
      distances: Float64Array.from(rows, (at) => distances[at]!),
      confidences: Float64Array.from(rows, (at) => confidences[at]!),
    };
  }
}
