import { describe, expect, it } from 'vitest';
import { CALENDAR_PARTS } from '../../functions/contracts/recipe.ts';
import { calendarOf } from '../../functions/features/calendar.ts';

const at = (text: string) => Date.parse(text);

describe('calendar', () => {
  it.each([
    // Friday, Saturday, Sunday at 8, 9, 18 and 19 h: business hours run from 9:00 to 18:59 (S0-07).
    ['2026-03-06T08:59:59Z', 8, 4, 0, 0],
    ['2026-03-06T09:00:00Z', 9, 4, 0, 1],
    ['2026-03-06T18:59:59Z', 18, 4, 0, 1],
    ['2026-03-06T19:00:00Z', 19, 4, 0, 0],
    ['2026-03-07T08:00:00Z', 8, 5, 1, 0],
    ['2026-03-07T09:00:00Z', 9, 5, 1, 1],
    ['2026-03-07T18:00:00Z', 18, 5, 1, 1],
    ['2026-03-08T19:00:00Z', 19, 6, 1, 0],
    ['2026-03-09T00:00:00Z', 0, 0, 0, 0],
  ])('reads %s', (text, hour, weekday, isWeekend, isBusinessHours) => {
    const calendar = calendarOf('UTC');
    expect(calendar.part('hour_of_day', at(text))).toBe(hour);
    expect(calendar.part('day_of_week', at(text))).toBe(weekday);
    expect(calendar.part('is_weekend', at(text))).toBe(isWeekend);
    expect(calendar.part('is_business_hours', at(text))).toBe(isBusinessHours);
  });

  it('follows the clock through the changes of daylight saving time', () => {
    const berlin = calendarOf('Europe/Berlin');
    const hours = [
      '2026-03-29T00:59:00Z',
      '2026-03-29T01:00:00Z',
      '2026-10-25T00:59:00Z',
      '2026-10-25T01:00:00Z',
    ];
    expect(hours.map((text) => berlin.part('hour_of_day', at(text)))).toEqual([1, 3, 2, 2]);
  });

  it('knows zones off the hour, and days that differ from those of UTC', () => {
    expect(calendarOf('Asia/Kathmandu').part('hour_of_day', at('2026-01-01T18:15:00Z'))).toBe(0);
    expect(calendarOf('Asia/Kathmandu').part('day_of_month', at('2026-01-01T18:15:00Z'))).toBe(2);
    expect(calendarOf('America/Sao_Paulo').part('month', at('2026-03-01T02:59:00Z'))).toBe(2);
  });

  it('agrees with the platform on instants all over the years', () => {
    const zone = 'America/New_York';
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' });
    for (let i = 0; i < 2000; i++) {
      const ms = at('1985-01-01T00:00:00Z') + i * 7_919_777_000;
      expect(calendarOf(zone).part('hour_of_day', ms)).toBe(Number(format.format(ms)) % 24);
    }
  });

  it.each(['Europe/London', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca'])(
    'agrees with the platform around every change of the clocks: %s',
    (timeZone) => {
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone,
        calendar: 'iso8601',
        hourCycle: 'h23',
        hour: 'numeric',
        day: 'numeric',
        month: 'numeric',
      });
      // Every 35 minutes and a bit of 2011, when Apia left out a day and St. John's changed its clocks at 0:01, and every 19 hours of forty years.
      const instants = [
        ...Array.from({ length: 15_000 }, (_, i) => at('2011-01-01T00:00:00Z') + i * 2_111_000),
        ...Array.from({ length: 18_000 }, (_, i) => at('1990-01-01T00:00:00Z') + i * 68_400_000),
      ];
      const column = Float64Array.from(instants);
      const read = (['month', 'day_of_month', 'hour_of_day'] as const).map((part) =>
        calendarOf(timeZone).column(part, column),
      );
      const wrong = instants.filter((ms, i) => {
        const told = Object.fromEntries(
          format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
        );
        return told.month !== read[0]![i] || told.day !== read[1]![i] || told.hour !== read[2]![i];
      });
      expect(wrong.map((ms) => new Date(ms).toISOString())).toEqual([]);
    },
  );

  it('counts days and months as the platform does over all years that it knows', () => {
    const utc = calendarOf('UTC');
    for (let i = -4000; i <= 4000; i++) {
      const date = new Date(i * 2_159_712_345_678);
      expect(utc.part('day_of_month', date.getTime())).toBe(date.getUTCDate());
      expect(utc.part('month', date.getTime())).toBe(date.getUTCMonth() + 1);
      expect(utc.part('day_of_week', date.getTime())).toBe((date.getUTCDay() + 6) % 7);
    }
  });

  it('takes what no date can hold as missing', () => {
    const beyond = Float64Array.of(1e30, -1e30, Number.POSITIVE_INFINITY, 8.7e15, Number.NaN);
    for (const part of CALENDAR_PARTS) {
      expect(calendarOf('Europe/Berlin').column(part, beyond)).toEqual(new Float64Array(5).fill(Number.NaN));
    }
  });

  it('reads instants before 1970, and gives nothing for none', () => {
    expect(calendarOf('UTC').part('day_of_week', at('1969-12-31T23:00:00Z'))).toBe(2);
    expect(calendarOf('UTC').part('hour_of_day', at('1969-12-31T23:00:00Z'))).toBe(23);
    expect(calendarOf('Europe/Berlin').part('hour_of_day', Number.NaN)).toBeNaN();
  });

  it('fails for a zone that does not exist', () => {
    expect(() => calendarOf('Mars/Olympus')).toThrow(/"Mars\/Olympus" is not known. Give an IANA name/);
  });
});
