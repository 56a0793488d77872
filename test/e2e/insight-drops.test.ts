import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord } from '../../functions/contracts/campaign-records.ts';
import { generatedAccount } from '../campaigns/generated-account.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let api: ReturnType<typeof apiOf>;
beforeAll(async () => {
  stack = await startStack();
  api = apiOf(stack, await stack.keyOf('acme'));
});
afterAll(() => stack?.remove());

/** The only job of its kind, once it has ended. */
async function ended(job: string): Promise<JobRecord> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    const { body } = await api.get<{ jobs: JobRecord[] }>(`/v1/jobs?job=${job}`);
    const [newest] = body.jobs;
    if (newest && newest.status !== 'PENDING' && newest.status !== 'RUNNING') return newest;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`No ${job} has ended.`);
}

describe('a table of insights, from drop to API', () => {
  it('is read as Parquet, and its rejected rows stand on its job', async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: 'entity_id', data: ['c1', 'c1', 'c1'] },
        { name: 'date', data: ['2026-01-01', '2026-01-02', '2026-13-01'] },
        { name: 'spend', data: [1.5, 2.5, 3.5], type: 'DOUBLE' },
        ...['impressions', 'clicks', 'leads'].map((name) => ({
          name,
          data: [3, 2, 1],
          type: 'INT32' as const,
        })),
      ],
    });
    await stack.put('insights/acme/7/january.parquet', new Uint8Array(file));
    const job = await ended('insight-import');
    expect(job).toMatchObject({ status: 'COMPLETED', config_id: 7 });
    expect(job.error_message).toContain('1 of 3 rows were left out');
    const path = '/v1/campaigns/insights?config_id=7&entity_id=c1&from=2026-01-01&to=2026-01-31';
    const { body } = await api.get<{ days: unknown[] }>(path);
    expect(body.days).toMatchObject([
      { date: '2026-01-01', spend: 1.5, leads: 3 },
      { date: '2026-01-02', spend: 2.5, leads: 2 },
    ]);
  });

  it('large enough is trained on in the background, and the job names the model', async () => {
    const lines = generatedAccount(60, 180).flatMap(({ id, days }) =>
      days.map((day) => [id, day.date, day.spend, day.impressions, day.clicks, day.leads].join(',')),
    );
    const header = 'entity_id,date,spend,impressions,clicks,leads';
    await stack.put('insights/acme/8/half-a-year.csv', [header, ...lines].join('\n'));
    for (let job = await ended('insight-import'); job.config_id !== 8; ) job = await ended('insight-import');
    const body = { config_id: 8, as_of: '2026-03-01' };
    const accepted = await api.post<JobRecord>('/api/v1/classifications/train', body);
    expect(accepted.status, JSON.stringify(accepted.body)).toBe(202);
    const job = await ended('model-training');
    expect(job, job.error_message ?? '').toMatchObject({ status: 'COMPLETED', id: accepted.body.id });
    const model = await api.get<{ samples_count: number }>(`/api/v1/models/${job.model_id}`);
    expect(model.body.samples_count).toBeGreaterThan(1000);
  }, 180_000);
});
