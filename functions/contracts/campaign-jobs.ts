import { z } from 'zod';
import { cursor, limit, nextCursor } from './api-fields.ts';
import { configIdSchema, configIdTextSchema, daySchema } from './campaign-entities.ts';
import { JOB_STATUSES, jobRecordSchema } from './campaign-records.ts';

/** A job that recurs: its times in the time zone of the deployment, and how many missed ones are caught up. */
export interface CampaignJob {
  readonly name: string;
  readonly cron: string;
  /** Due times looked back on: the newest is run late rather than never, older ones only where each counts. */
  readonly catchUp: number;
  readonly summary: string;
}

/** The jobs of the source at its times (requirements S1-55), in the order that they are run in when several are due. */
export const CAMPAIGN_JOBS = [
  {
    name: 'daily-ml-pipeline',
    cron: '0 2 * * *',
    catchUp: 1,
    summary: 'Features, tiers and recommendations of all campaigns; closes what has expired',
  },
  {
    name: 'daily-model-retraining',
    cron: '0 5 * * *',
    catchUp: 1,
    summary: 'Trains the classifier anew; it is activated only where it beats the rules',
  },
  {
    name: 'daily-classification',
    cron: '0 6 * * *',
    catchUp: 1,
    summary: 'Tiers of all campaigns',
  },
  {
    name: 'daily-recommendations',
    cron: '0 7 * * *',
    catchUp: 1,
    summary: 'Recommendations for all campaigns',
  },
  {
    name: 'daily-prediction-validation',
    cron: '0 8 * * *',
    catchUp: 1,
    summary: 'Holds predictions against what came',
  },
  {
    name: 'hourly-anomaly-detection',
    cron: '30 * * * *',
    catchUp: 3,
    summary: 'Anomalies of all campaigns',
  },
  {
    name: 'batch-predictions',
    cron: '15 */4 * * *',
    catchUp: 2,
    summary: 'Forecasts of all campaigns',
  },
] as const satisfies readonly CampaignJob[];
export type CampaignJobName = (typeof CAMPAIGN_JOBS)[number]['name'];

/** Jobs that do not recur: a training that was asked for, and a file of insights that was dropped. */
export const ASKED_JOBS = { training: 'model-training', insights: 'insight-import' } as const;

/** Detail of the event that has a training done. */
export const trainingRequestSchema = z.object({
  tenant: z.string(),
  config_id: configIdSchema,
  /** When it was asked for: names the period of its job. */
  requested_at: z.iso.datetime(),
  as_of: daySchema,
});
export type TrainingRequest = z.output<typeof trainingRequestSchema>;

const names = CAMPAIGN_JOBS.map(({ name }) => name) as [CampaignJobName, ...CampaignJobName[]];

/** Query of `GET /v1/jobs`. */
export const jobsQuerySchema = z.strictObject({
  job: z.enum([...names, ...Object.values(ASKED_JOBS)]).optional(),
  status: z.enum(JOB_STATUSES).optional(),
  config_id: configIdTextSchema.optional(),
  limit: limit(1000, 100),
  cursor,
});

/** Answer of `GET /v1/jobs`. */
export const jobsPageSchema = z
  .object({
    jobs: z.array(jobRecordSchema).meta({
      description: 'Newest period first; a page may hold fewer than its limit although more follow.',
    }),
    schedule: z.array(z.object({ job: z.enum(names), cron: z.string(), summary: z.string() })),
    time_zone: z.string(),
    cursor: nextCursor,
  })
  .meta({ id: 'JobsPage' });
