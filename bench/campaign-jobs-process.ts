import { dynamodbDocuments } from '../functions/adapters/dynamodb-documents.ts';
import { monthsIn } from '../functions/adapters/insight-months.ts';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { JOB_WORK } from '../functions/campaign-job-work.ts';
import type { InsightColumns } from '../functions/campaigns/insight-columns.ts';
import {
  type DayRange,
  dayNumber,
  dayText,
  ENTITY_STATUSES,
} from '../functions/contracts/campaign-entities.ts';
import type { InsightDay } from '../functions/contracts/campaign-insights.ts';
import type { CampaignJobName } from '../functions/contracts/campaign-jobs.ts';
import type { InsightReader } from '../functions/ports.ts';
import { LAST_DAY, readColumns } from './made-up-campaigns.ts';
import { itemBytes, meteredTable } from './metered-table.ts';

/**
 * Child of `campaigns.ts`: the jobs that recur, for one account with the campaigns of a file, on one core. What they write goes
 * through the service's own store into a table that counts what DynamoDB would bill. Prints, per job, core seconds, what it
 * made, requests and units, then the peak resident memory, as JSON.
 *
 * usage: campaign-jobs-process.ts FILE JOB...
 */
const [file = '', ...jobs] = process.argv.slice(2);
const columns = readColumns(file);
const account = { tenant: 'bench', configId: 1 };
const PAGE_BYTES = 2 ** 20;
// Forecasts are the bulk of what is written, and read by nobody here.
const { table, metered, read } = meteredTable((pk) => !pk.includes('#FORECASTS#'));
const ports = {
  ...memoryPorts(),
  campaignDocuments: dynamodbDocuments(table),
  insights: madeUpInsights(columns),
};

const results = [];
for (const job of jobs) {
  Object.assign(metered, { writeUnits: 0, readUnits: 0, requests: 0 });
  const started = process.cpuUsage();
  // Each as of its own time on the day after the last one.
  const at = new Date(Date.parse(`${dayText(dayNumber(LAST_DAY) + 1)}T12:00:00Z`) + results.length * 60_000);
  const { made } = await JOB_WORK[job as CampaignJobName]({ ports, account, at });
  const { user, system } = process.cpuUsage(started);
  results.push({ job, seconds: (user + system) / 1e6, made, ...metered });
}
console.log(JSON.stringify({ jobs: results, peakMb: process.resourceUsage().maxRSS / 1024 }));

/** Insights of columns, each month of an entity made up when it is read, and counted as the item that it would be. */
function madeUpInsights(source: InsightColumns): InsightReader {
  const place = new Map(source.entityIds.map((id, entity) => [id, entity]));
  const none = () => {
    throw new Error('The jobs do not ask for this.');
  };
  const days = (entity: number, { from, to }: DayRange): { days: InsightDay[]; bytes: number } => {
    const found: InsightDay[] = [];
    let bytes = 80;
    for (let day = Math.max(dayNumber(from), source.firstDay); day <= dayNumber(to); day++) {
      const at = entity * source.nDays + day - source.firstDay;
      if (day >= source.firstDay + source.nDays || source.present[at] === 0) continue;
      const { spend, impressions, clicks, leads, reach, frequency } = source.measures;
      const measured = (value: number) => (Number.isNaN(value) ? null : value);
      const one: InsightDay = {
        date: dayText(day),
        spend: spend[at]!,
        impressions: impressions[at]!,
        clicks: clicks[at]!,
        leads: leads[at]!,
        reach: measured(reach[at]!),
        frequency: measured(frequency[at]!),
        status: ENTITY_STATUSES[source.status[entity]!] ?? null,
        daily_budget: measured(source.dailyBudget[entity]!),
      };
      const { date: _, ...values } = one;
      bytes += itemBytes({ d01: Object.values(values) });
      found.push(one);
    }
    return { days: found, bytes };
  };
  return {
    entity: none,
    accounts: none,
    allAccounts: none,
    async *days(_account, type, range) {
      if (type !== 'campaign') return;
      for (const month of monthsIn(range)) {
        let page = 0;
        for (const [entity, entityId] of source.entityIds.entries()) {
          const [from, to] = [`${month}-01`, `${month}-31`];
          const whole = days(entity, {
            from: from > range.from ? from : range.from,
            to: to < range.to ? to : range.to,
          });
          if (whole.days.length === 0) continue;
          page += whole.bytes;
          if (page > PAGE_BYTES) {
            read(page);
            page = 0;
          }
          yield { entityId, days: whole.days };
        }
        read(page);
      }
    },
    async entityDays(_account, _type, entityId, range) {
      return monthsIn(range).flatMap((month) => {
        const found = days(place.get(entityId)!, {
          from: `${month}-01` > range.from ? `${month}-01` : range.from,
          to: `${month}-31` < range.to ? `${month}-31` : range.to,
        });
        read(found.bytes);
        return found.days;
      });
    },
    async entities(_account, type, { limit, cursor = '0' }) {
      if (type !== 'campaign') return { items: [] };
      const from = Number(cursor);
      const items = source.entityIds
        .slice(from, from + limit)
        .map((entity_id) => ({ entity_type: type, entity_id }));
      read(100 * items.length);
      return from + limit < source.entityIds.length ? { items, cursor: String(from + limit) } : { items };
    },
  };
}
