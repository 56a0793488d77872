import { createHash } from 'node:crypto';
import { z } from 'zod';
import { periodText } from '../campaign-job-records.ts';
import { COLLECTION, documentId, documentRef } from '../contracts/campaign-collections.ts';
import { ASKED_JOBS } from '../contracts/campaign-jobs.ts';
import type { JobRecord } from '../contracts/campaign-records.ts';
import { FAILED_JOBS_METRIC } from '../contracts/env.ts';
import { parseInsightsKey } from '../contracts/keys.ts';
import { InvalidDatasetError, NotFoundError, TransientStoreError, toProblem } from '../errors.ts';
import { type InsightImport, importInsights } from '../import-insights.ts';
import { metricFields } from '../observability.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ key: z.string().min(1).max(1024), droppedAt: z.iso.datetime() });

/** What was made of a file. */
export interface ImportInsightsResult {
  readonly days: number;
  readonly rejected: number;
}

/**
 * Writes a dropped table of daily insights to its account, and records it as a job. Delivered again it writes the same days
 * and the same record. A file that cannot be read fails once, with the reason on the record.
 * @throws TransientStoreError where a store did not answer: then the file is delivered again
 */
export async function importDropped(
  { key, droppedAt }: z.output<typeof inputSchema>,
  { ports, log, executionId }: StepContext,
): Promise<ImportInsightsResult> {
  const { campaignDocuments: store, clock } = ports;
  const account = parseInsightsKey(key);
  if (!account) {
    throw new InvalidDatasetError(
      `${key} names no account. Drop tables of insights as insights/{tenant}/{account number}/{file}.`,
      { file: key, reason: 'no_account' },
    );
  }
  const { tenant, configId } = account;
  const period = periodText(Date.parse(droppedAt));
  const file = createHash('sha256').update(key).digest('hex').slice(0, 12);
  const id = documentId(period, ASKED_JOBS.insights, String(configId), file);
  const started = clock.now().toISOString();
  const record = (end: Partial<JobRecord>) =>
    store.writeAll<JobRecord>([
      {
        tenant,
        collection: COLLECTION.jobs,
        id,
        label: ASKED_JOBS.insights,
        revision: 1,
        value: {
          id: documentRef(id),
          job: ASKED_JOBS.insights,
          period,
          model_type: null,
          config_id: configId,
          task_id: executionId.slice(0, 255),
          status: 'RUNNING',
          progress: 0,
          model_id: null,
          error_message: null,
          created_at: droppedAt,
          started_at: started,
          completed_at: null,
          ...end,
        },
      },
    ]);
  await record({});
  try {
    const head = await ports.objects.head(key);
    if (!head) throw new NotFoundError(`${key} was deleted before it was read.`, { file: key });
    const done = await importInsights(ports, account, head);
    const { rows, days, rejected, ignored } = done;
    const completed_at = clock.now().toISOString();
    await record({ status: 'COMPLETED', progress: 1, error_message: reportOf(done), completed_at });
    log.info('insights imported', { tenant, configId, rows, days, rejected, ignored: ignored.length });
    return { days, rejected };
  } catch (error) {
    if (error instanceof TransientStoreError) throw error;
    const { title, detail } = toProblem(error);
    const error_message = `${title}: ${detail}`.slice(0, 1000);
    await record({ status: 'FAILED', error_message, completed_at: clock.now().toISOString() });
    const metrics = { [FAILED_JOBS_METRIC]: { value: 1, unit: 'Count' } } as const;
    log.error('job failed', {
      ...{ job: ASKED_JOBS.insights, tenant, configId, error: String(error) },
      ...metricFields(metrics, [], clock.now()),
    });
    return { days: 0, rejected: 0 };
  }
}

/** What was left out, for people; null where nothing was. */
function reportOf({ rows, rejected, examples, ignored }: InsightImport): string | null {
  const unread = ignored.length > 0 ? `Columns that nobody reads: ${ignored.join(', ')}. ` : '';
  const left =
    rejected > 0 ? `${rejected} of ${rows} rows were left out; line or row ${examples.join('; ')}` : '';
  const text = `${unread}${left}`.trim().slice(0, 2000);
  return text === '' ? null : text;
}

export const handler = stepHandler('ImportInsights', inputSchema, importDropped);
