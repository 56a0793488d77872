import { createHash } from 'node:crypto';
import { z } from 'zod';
import { lastDue, parseCron } from '../contracts/cron.ts';
import { SCHEDULE_PERIOD_MINUTES } from '../contracts/env.ts';
import type { DatasetSchedule } from '../ports.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ scheduledAt: z.iso.datetime() });

/** What one look at the schedules did. */
export interface RunSchedulesResult {
  readonly nSchedules: number;
  readonly nStarted: number;
}

/**
 * Starts the workflow for every dataset whose configured schedule came due in the period that ends at `scheduledAt`. The
 * name of an execution follows from dataset and due time: a period that is delivered twice, or tried again, starts
 * nothing twice. One dataset that cannot be started does not keep the others from it.
 * @throws the first failure, after all datasets were tried
 */
export async function runSchedules(
  { scheduledAt }: { scheduledAt: string },
  { ports: { configs, workflow }, log }: StepContext,
): Promise<RunSchedulesResult> {
  const periodMs = SCHEDULE_PERIOD_MINUTES * 60_000;
  const end = Math.floor(Date.parse(scheduledAt) / periodMs) * periodMs;
  const schedules = await configs.schedules();
  let nStarted = 0;
  let failure: unknown;
  for (const { tenant, dataset, schedule } of schedules) {
    const cron = parseCron(schedule.cron);
    const due = cron && lastDue(cron, schedule.timeZone, end - periodMs, end);
    if (due === undefined) continue;
    try {
      await workflow.start(executionName({ tenant, dataset }, due), { trigger: 'schedule', tenant, dataset });
      nStarted++;
    } catch (error) {
      failure ??= error;
      log.error('schedule not started', { tenant, dataset, error: String(error) });
    }
  }
  if (failure !== undefined) throw failure;
  return { nSchedules: schedules.length, nStarted };
}

/** At most 80 characters of letters, digits and hyphens, as Step Functions wants it. */
function executionName(
  { tenant, dataset }: Pick<DatasetSchedule, 'tenant' | 'dataset'>,
  dueMs: number,
): string {
  const name = createHash('sha256').update(`${tenant}/${dataset}`).digest('hex').slice(0, 24);
  return `schedule-${name}-${new Date(dueMs)
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(0, 12)}`;
}

export const handler = stepHandler('RunSchedules', inputSchema, runSchedules);
