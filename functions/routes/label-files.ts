import { runPathSchema } from '../contracts/api-runs.ts';
import { exportKey } from '../contracts/keys.ts';
import { labelFileQuerySchema, labelFileSchema, MOST_WRITTEN_LABELS } from '../contracts/label-files.ts';
import type { RunRecord } from '../contracts/records.ts';
import { URL_SECONDS } from '../contracts/uploads.ts';
import { ConflictError, InsufficientDataError, NotFoundError } from '../errors.ts';
import { csvLabels, parquetLabels } from '../label-files.ts';
import type { Ports } from '../ports.ts';
import { readKeptRun } from './kept-run.ts';
import { defineRoute } from './route.ts';

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.file',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** The labels of a run as a file, for the caller's own tables. */
export const labelFile = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}/labels',
  scope: 'segments:read',
  summary: 'All labels of a run as a file: CSV, Arrow or Parquet',
  description: `Answers with a URL that is good for an hour. Arrow is there since publication; CSV and Parquet are written at the first request, up to ${MOST_WRITTEN_LABELS} labels, and kept for a week.`,
  params: runPathSchema,
  query: labelFileQuerySchema,
  status: 200,
  answer: labelFileSchema,
  problems: {
    404: 'There is no such run.',
    410: 'The run has expired.',
    409: 'The run has not succeeded, so that it has no labels.',
    422: 'There are too many labels to write while you wait: take `format=arrow`.',
  },
  async handle({ tenant, params: { runId }, query: { format, formulas } }, ports) {
    const { dataset, rows, key, bytes } = await readKeptRun(ports, tenant, runId, async (run) => {
      const source = run?.artifacts?.find(({ name }) => name === 'labels.arrow');
      if (!run || !source) throw noLabels(run, runId);
      const file =
        format === 'arrow'
          ? source
          : await written(ports, run, { format, escapeFormulas: formulas === 'escape' });
      return { dataset: run.dataset, rows: run.nEntities ?? 0, key: file.key, bytes: file.bytes };
    });
    const fileName = `${dataset}-labels-${runId}.${format}`;
    const url = await ports.transfers.downloadUrl(key, {
      seconds: URL_SECONDS,
      fileName,
      contentType: TYPES[format],
    });
    const urlExpiresAt = new Date(ports.clock.now().getTime() + URL_SECONDS * 1000).toISOString();
    const columns = ['customer_id', 'segment_id', 'distance', 'confidence'];
    return { body: { runId, dataset, format, fileName, url, urlExpiresAt, bytes, rows, columns } };
  },
});

/** Writes the file unless it is there: its bytes follow from the run alone, so that two writers at once do no harm. */
async function written(
  { objects }: Ports,
  { tenant, dataset, runId, nEntities = 0 }: RunRecord,
  { format, escapeFormulas }: { readonly format: 'csv' | 'parquet'; readonly escapeFormulas: boolean },
): Promise<{ key: string; bytes: number }> {
  const name = format === 'csv' && escapeFormulas ? 'labels-escaped.csv' : `labels.${format}`;
  const ref = { tenant, dataset, runId };
  const key = exportKey(ref, name);
  const known = await objects.head(key);
  if (known) return { key, bytes: known.size };
  if (nEntities > MOST_WRITTEN_LABELS) {
    throw new InsufficientDataError(
      `The run has ${nEntities} labels; at most ${MOST_WRITTEN_LABELS} are written as ${format} while you wait. Take format=arrow, which has no limit.`,
      { reason: 'too_many_labels', found: nEntities, limit: MOST_WRITTEN_LABELS },
    );
  }
  const chunks = format === 'csv' ? csvLabels(objects, ref, { escapeFormulas }) : parquetLabels(objects, ref);
  const { bytes } = await objects.writeStream(key, chunks, TYPES[format]);
  return { key, bytes };
}

function noLabels(run: RunRecord | undefined, runId: string): Error {
  return run
    ? new ConflictError(
        `Run ${runId} has no labels: it is ${run.status}. Wait until it has succeeded, or name another run.`,
        { reason: 'no_labels', runId },
      )
    : new NotFoundError(`Run not found: there is no run ${JSON.stringify(runId)}. Check the id.`, {
        reason: 'no_such_run',
        runId,
      });
}
