import { describe, expect, it } from 'vitest';
import { lastWholeDay } from '../functions/campaign-day.ts';
import { CAMPAIGN_JOBS } from '../functions/contracts/campaign-jobs.ts';
import { lastDue, parseCron } from '../functions/contracts/cron.ts';

const SAO_PAULO = 'America/Sao_Paulo';
const DAY_MS = 86_400_000;

/** The last time before `before` that a job was due at. */
function dueBefore(name: string, before: string, zone = SAO_PAULO): string {
  const job = CAMPAIGN_JOBS.find((one) => one.name === name)!;
  const end = Date.parse(before);
  return new Date(lastDue(parseCron(job.cron)!, zone, end - 2 * DAY_MS, end)!).toISOString().slice(0, 16);
}

describe('the hours of the accounts', () => {
  it.each([
    ['2026-01-15', '2026-01-15T05:00'],
    ['2026-07-15', '2026-07-15T05:00'],
    // Days on which Brazil moved its clocks until 2019.
    ['2026-10-18', '2026-10-18T05:00'],
    ['2026-02-15', '2026-02-15T05:00'],
  ])('know no summer time in São Paulo: 02:00 of %s is %s UTC', (day, expected) => {
    expect(dueBefore('daily-ml-pipeline', `${day}T23:59:00Z`)).toBe(expected);
  });

  it('give each hour of a year one detection', () => {
    const cron = parseCron('30 * * * *')!;
    let before = Date.parse('2026-12-31T23:59:00Z');
    for (let n = 0; n < 8760; n++) {
      const due = lastDue(cron, SAO_PAULO, before - DAY_MS, before)!;
      if (n > 0) expect(before - due).toBe(3_600_000);
      before = due;
    }
  });

  it('follow summer time where a deployment has it', () => {
    expect(dueBefore('daily-ml-pipeline', '2026-01-15T23:59:00Z', 'America/New_York')).toBe(
      '2026-01-15T07:00',
    );
    expect(dueBefore('daily-ml-pipeline', '2026-07-15T23:59:00Z', 'America/New_York')).toBe(
      '2026-07-15T06:00',
    );
  });

  it('end a day at midnight there, which is three hours later in UTC', () => {
    expect(lastWholeDay(new Date('2026-03-02T02:59:59.999Z'), SAO_PAULO)).toBe('2026-02-28');
    expect(lastWholeDay(new Date('2026-03-02T03:00:00.000Z'), SAO_PAULO)).toBe('2026-03-01');
    expect(lastWholeDay(new Date('2026-07-02T03:00:00.000Z'), SAO_PAULO)).toBe('2026-07-01');
  });
});
