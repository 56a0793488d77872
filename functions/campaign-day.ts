import { dayNumber, dayText } from './contracts/campaign-entities.ts';
import { CAMPAIGN_TIME_ZONE, ENV } from './contracts/env.ts';

/** Time zone that the days of advertising accounts begin in. */
export function campaignTimeZone(env: NodeJS.ProcessEnv = process.env): string {
  return env[ENV.campaignTimeZone] || CAMPAIGN_TIME_ZONE;
}

/** The last day that is over at this instant, `2026-02-03`. */
export function lastWholeDay(now: Date, timeZone = campaignTimeZone()): string {
  // The Swedish way of writing dates is ISO 8601.
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(now);
  return dayText(dayNumber(today) - 1);
}
