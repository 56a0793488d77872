import { describe, expect, it } from 'vitest';
import { lastDue, parseCron } from '../../functions/contracts/cron.ts';

const due = (cron: string, zone: string, from: string, to: string) => {
  const at = lastDue(parseCron(cron)!, zone, Date.parse(from), Date.parse(to));
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe('cron of configurations', () => {
  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    'x * * * *',
    '*/0 * * * *',
  ])('does not read %j', (text) => {
    expect(parseCron(text)).toBeUndefined();
  });

  it('reads names, lists, ranges and steps', () => {
    const cron = parseCron('0,30 8-18/2 * jan,JUL mon-fri')!;
    expect([...cron.minutes]).toEqual([0, 30]);
    expect([...cron.hours]).toEqual([8, 10, 12, 14, 16, 18]);
    expect([...cron.months]).toEqual([1, 7]);
    expect([...cron.weekdays]).toEqual([1, 2, 3, 4, 5]);
  });

  it('is due at the minute itself, and not at the end of the period', () => {
    expect(due('0 3 * * *', 'UTC', '2026-03-02T03:00:00Z', '2026-03-02T03:15:00Z')).toBe(
      '2026-03-02T03:00:00.000Z',
    );
    expect(due('15 3 * * *', 'UTC', '2026-03-02T03:00:00Z', '2026-03-02T03:15:00Z')).toBeUndefined();
  });

  it('is the last of several due times', () => {
    expect(due('*/5 * * * *', 'UTC', '2026-03-02T03:00:00Z', '2026-03-02T03:15:00Z')).toBe(
      '2026-03-02T03:10:00.000Z',
    );
  });

  it('takes Sunday as 0 and as 7, and either of two restricted days', () => {
    for (const sunday of ['0', '7', 'sun']) {
      expect(due(`0 0 * * ${sunday}`, 'UTC', '2026-03-01T00:00:00Z', '2026-03-01T00:15:00Z')).toBe(
        '2026-03-01T00:00:00.000Z',
      );
    }
    expect(due('0 0 13 * fri', 'UTC', '2026-03-06T00:00:00Z', '2026-03-06T00:15:00Z')).toBe(
      '2026-03-06T00:00:00.000Z',
    );
    expect(due('0 0 13 * fri', 'UTC', '2026-04-13T00:00:00Z', '2026-04-13T00:15:00Z')).toBe(
      '2026-04-13T00:00:00.000Z',
    );
    expect(due('0 0 13 * fri', 'UTC', '2026-04-14T00:00:00Z', '2026-04-14T00:15:00Z')).toBeUndefined();
  });

  it('skips a time that the clocks skip', () => {
    // On 29 March 2026 the clocks of Berlin go from 2:00 to 3:00.
    expect(
      due('30 2 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T06:00:00Z'),
    ).toBeUndefined();
    expect(due('30 3 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T06:00:00Z')).toBe(
      '2026-03-29T01:30:00.000Z',
    );
  });
});
