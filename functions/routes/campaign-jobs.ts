import { campaignTimeZone } from '../campaign-day.ts';
import { COLLECTION } from '../contracts/campaign-collections.ts';
import { CAMPAIGN_JOBS, jobsPageSchema, jobsQuerySchema } from '../contracts/campaign-jobs.ts';
import type { JobRecord } from '../contracts/campaign-records.ts';
import { defineRoute } from './route.ts';

/** Lists jobs. */
export const listJobs = defineRoute({
  method: 'GET',
  path: '/v1/jobs',
  scope: 'campaigns:read',
  summary: 'Jobs about campaigns: when they recur, and what became of each period',
  query: jobsQuerySchema,
  status: 200,
  answer: jobsPageSchema,
  async handle({ tenant, query: { job, status, config_id, limit, cursor } }, { campaignDocuments }) {
    const page = await campaignDocuments.list<JobRecord>(tenant, COLLECTION.jobs, {
      label: job,
      descending: true,
      limit,
      cursor,
    });
    const jobs = page.items
      .map(({ value }) => value)
      .filter((one) => status === undefined || one.status === status)
      .filter((one) => config_id === undefined || one.config_id === config_id);
    return {
      body: {
        jobs,
        schedule: CAMPAIGN_JOBS.map(({ name, cron, summary }) => ({ job: name, cron, summary })),
        time_zone: campaignTimeZone(),
        ...(page.cursor && { cursor: page.cursor }),
      },
    };
  },
});
