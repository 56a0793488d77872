import { describe, expect, it } from 'vitest';
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

  it('reads instants before 1970, and gives nothing for none', () => {
    expect(calendarOf('UTC').part('day_of_week', at('1969-12-31T23:00:00Z'))).toBe(2);
    expect(calendarOf('UTC').part('hour_of_day', at('1969-12-31T23:00:00Z'))).toBe(23);
    expect(calendarOf('Europe/Berlin').part('hour_of_day', Number.NaN)).toBeNaN();
  });

  it('fails for a zone that does not exist', () => {
    expect(() => calendarOf('Mars/Olympus')).toThrow(/"Mars\/Olympus" is not known. Give an IANA name/);
  });
});
