import type { CalendarPart } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Offsets of time zones change at whole quarters of an hour. */
const OFFSET_STEP_MS = 900_000;
/** Offsets remembered of one zone: a century of quarter hours that a table really uses is far less. */
const MOST_OFFSETS = 1_000_000;

/** 1970-01-01 was a Thursday, which is day 3 of a week that begins on Monday. */
const EPOCH_WEEKDAY = 3;
const SATURDAY = 5;
const BUSINESS_HOURS = { first: 9, last: 18 } as const;

/** Number of steps of a part's cycle: what its sine and cosine go round once in. */
export const PERIODS: Readonly<Partial<Record<CalendarPart, number>>> = {
  hour_of_day: 24,
  day_of_week: 7,
  day_of_month: 31,
  month: 12,
};

/** Reads calendar parts of instants in one time zone. */
export interface Calendar {
  /** @param ms since the epoch; NaN gives NaN */
  part(part: CalendarPart, ms: number): number;
}

const calendars = new Map<string, Calendar>();

/**
 * The calendar of a time zone by its IANA name. Offsets come from the platform's time zone data, looked up once per
 * quarter of an hour.
 * @throws InvalidRequestError for a name that the platform does not know
 */
export function calendarOf(timeZone: string): Calendar {
  const known = calendars.get(timeZone);
  if (known) return known;
  const offsetAt = timeZone === 'UTC' ? () => 0 : offsetsOf(timeZone);
  const calendar: Calendar = {
    part: (part, ms) => (Number.isNaN(ms) ? Number.NaN : readPart(part, ms + offsetAt(ms))),
  };
  calendars.set(timeZone, calendar);
  return calendar;
}

/** @param local ms since the epoch of the clock on the wall, as if it were UTC */
function readPart(part: CalendarPart, local: number): number {
  const day = Math.floor(local / DAY_MS);
  if (part === 'hour_of_day') return hourOf(local, day);
  if (part === 'day_of_week') return weekdayOf(day);
  if (part === 'is_weekend') return weekdayOf(day) >= SATURDAY ? 1 : 0;
  if (part === 'is_business_hours') {
    const hour = hourOf(local, day);
    return hour >= BUSINESS_HOURS.first && hour <= BUSINESS_HOURS.last ? 1 : 0;
  }
  const date = new Date(local);
  return part === 'day_of_month' ? date.getUTCDate() : date.getUTCMonth() + 1;
}

const hourOf = (local: number, day: number) => Math.floor((local - day * DAY_MS) / HOUR_MS);
const weekdayOf = (day: number) => (((day + EPOCH_WEEKDAY) % 7) + 7) % 7;

function offsetsOf(timeZone: string): (ms: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new InvalidRequestError(
      `The time zone ${JSON.stringify(timeZone)} is not known. Give an IANA name such as America/Sao_Paulo, or UTC.`,
      { reason: 'time_zone' },
      { cause },
    );
  }
  const offsets = new Map<number, number>();
  let lastStep = Number.NaN;
  let lastOffset = 0;
  return (ms) => {
    const step = Math.floor(ms / OFFSET_STEP_MS);
    if (step === lastStep) return lastOffset;
    let offset = offsets.get(step);
    if (offset === undefined) {
      if (offsets.size >= MOST_OFFSETS) offsets.clear();
      offset = lookUp(format, step * OFFSET_STEP_MS);
      offsets.set(step, offset);
    }
    lastStep = step;
    lastOffset = offset;
    return offset;
  };
}

/** What the clock on the wall is ahead of UTC, ms. */
function lookUp(format: Intl.DateTimeFormat, ms: number): number {
  const fields: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  const wall = new Date(0);
  wall.setUTCFullYear(year, month - 1, day);
  wall.setUTCHours(hour, minute, second);
  return wall.getTime() - ms;
}
