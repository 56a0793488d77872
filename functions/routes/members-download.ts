import type { ArrowColumns } from '../arrow/columns.ts';
import { arrowFileChunks } from '../arrow/ipc.ts';
import {
  DOWNLOAD_SECONDS,
  downloadQuerySchema,
  downloadSchema,
  type MEMBER_FORMATS,
  segmentPathSchema,
} from '../contracts/api-members.ts';
import { membersKey } from '../contracts/keys.ts';
import { type MemberBatch, memberBatches } from '../segment-members.ts';
import { csvField } from '../tables/csv-field.ts';
import { segmentOfRun } from './members.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

type Format = (typeof MEMBER_FORMATS)[number];

const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  csv: 'text/csv; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.file',
};

/** All customers of one segment of the dataset's current run, as a file. */
export const downloadMembers = defineRoute({
  method: 'GET',
  path: '/v1/segments/{segmentId}/members/download',
  scope: 'segments:read',
  summary: 'Members of a segment as a file',
  description:
    'Writes the file where it is not there yet, and answers with a link to it that works for an hour. Files are removed after a week.',
  params: segmentPathSchema,
  query: downloadQuerySchema,
  status: 200,
  answer: downloadSchema,
  problems: { 404: 'Nothing is published, or the run has no such segment.' },
  async handle({ tenant, params: { segmentId }, query: { format, ...query } }, ports) {
    const { dataset, currentRunId: runId } = await publishedDataset(ports, tenant, query.dataset);
    const run = { tenant, dataset, runId };
    const { segment, plan, cluster } = await segmentOfRun(ports, run, segmentId);
    const key = membersKey(run, segmentId, format);
    const contentType = CONTENT_TYPES[format];
    const written = await ports.objects.head(key);
    const chunks = () => chunksOf(format, memberBatches(ports.objects, plan, cluster));
    const bytes = written?.size ?? (await ports.objects.writeStream(key, chunks(), contentType)).bytes;
    const expiresMs = ports.clock.now().getTime() + DOWNLOAD_SECONDS * 1000;
    return {
      body: {
        dataset,
        run_id: runId,
        segment_id: segmentId,
        segment_name: segment.name,
        size: segment.size,
        format,
        bytes,
        url: await ports.transfers.downloadUrl(key, {
          seconds: DOWNLOAD_SECONDS,
          fileName: `${dataset}-segment-${segmentId}.${format}`,
          contentType,
        }),
        url_expires_at: new Date(expiresMs).toISOString(),
      },
    };
  },
});

function chunksOf(format: Format, batches: AsyncIterable<MemberBatch>): AsyncIterable<Uint8Array> {
  return format === 'csv' ? csvChunks(batches) : arrowFileChunks(arrowTables(batches));
}

async function* csvChunks(batches: AsyncIterable<MemberBatch>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode('customer_id,confidence,distance_to_center\n');
  for await (const { ids, confidences, distances } of batches) {
    const lines = ids.map((id, i) => `${csvField(id)},${confidences[i]},${distances[i]}\n`);
    yield encoder.encode(lines.join(''));
  }
}

async function* arrowTables(batches: AsyncIterable<MemberBatch>): AsyncGenerator<ArrowColumns> {
  for await (const { ids, confidences, distances } of batches) {
    yield { customer_id: ids, confidence: confidences, distance_to_center: distances };
  }
}
