import type { CalendarPart } from '../contracts/recipe.ts';
import { InvalidRequestError } from '../errors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Offsets of time zones change at whole minutes: St. John's changed its clocks at 0:01. */
const OFFSET_STEP_MS = 60_000;
/** Offsets remembered of one zone: by day, and by minute on the days that they change on. */
const MOST_OFFSETS = 1_000_000;
/** Instants that are read, to either side of the epoch: a few days less than 8.64e15, all that the platform's dates hold. */
const LATEST_MS = 8.639e15;

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
  /** @param ms since the epoch; NaN, and what no date can hold, give NaN */
  part(part: CalendarPart, ms: number): number;
  /** The same of many instants. */
  column(part: CalendarPart, instants: Float64Array): Float64Array;
}

const calendars = new Map<string, Calendar>();

/**
 * The calendar of a time zone by its IANA name. Offsets come from the platform's time zone data, looked up twice per day
 * that occurs, and once per minute on days that the clocks are changed on.
 * @throws InvalidRequestError for a name that the platform does not know
 */
export function calendarOf(timeZone: string): Calendar {
  const known = calendars.get(timeZone);
  if (known) return known;
  const offsetAt = timeZone === 'UTC' ? undefined : offsetsOf(timeZone);
  const column = (part: CalendarPart, instants: Float64Array) =>
    readParts(part, wallClock(instants, offsetAt));
  const calendar: Calendar = {
    column,
    part: (part, ms) => column(part, Float64Array.of(ms))[0] ?? Number.NaN,
  };
  calendars.set(timeZone, calendar);
  return calendar;
}

/** What the clock on the wall shows, as ms since the epoch as if it were UTC. */
function wallClock(instants: Float64Array, offsetAt: ((ms: number) => number) | undefined): Float64Array {
  const local = new Float64Array(instants.length);
  for (let i = 0; i < instants.length; i++) {
    const ms = instants[i]!;
    if (!(Math.abs(ms) <= LATEST_MS)) local[i] = Number.NaN;
    else local[i] = offsetAt ? ms + offsetAt(ms) : ms;
  }
  return local;
}

/** One part of each instant, in place: from the clock on the wall to the part. NaN stays. */
function readParts(part: CalendarPart, values: Float64Array): Float64Array {
  const n = values.length;
  switch (part) {
    case 'hour_of_day':
      for (let i = 0; i < n; i++) values[i] = hourOf(values[i]!);
      break;
    case 'day_of_week':
      for (let i = 0; i < n; i++) values[i] = weekdayOf(values[i]!);
      break;
    case 'is_weekend':
      for (let i = 0; i < n; i++) {
        const weekday = weekdayOf(values[i]!);
        values[i] = Number.isNaN(weekday) ? weekday : weekday >= SATURDAY ? 1 : 0;
      }
      break;
    case 'is_business_hours':
      for (let i = 0; i < n; i++) {
        const hour = hourOf(values[i]!);
        const isOpen = hour >= BUSINESS_HOURS.first && hour <= BUSINESS_HOURS.last;
        values[i] = Number.isNaN(hour) ? hour : isOpen ? 1 : 0;
      }
      break;
    case 'day_of_month':
      for (let i = 0; i < n; i++) values[i] = dayOfMonth(values[i]!);
      break;
    case 'month':
      for (let i = 0; i < n; i++) values[i] = monthOf(values[i]!);
  }
  return values;
}

const hourOf = (local: number) => Math.floor((local - Math.floor(local / DAY_MS) * DAY_MS) / HOUR_MS);

function weekdayOf(local: number): number {
  const day = Math.floor(local / DAY_MS) + EPOCH_WEEKDAY;
  return day - 7 * Math.floor(day / 7);
}

/**
 * Day of a Gregorian year that begins on 1 March, from 0, so that a leap day is its last (Hinnant, "chrono-compatible
 * low-level date algorithms", 2013: `civil_from_days`).
 */
function dayFromMarch(local: number): number {
  const day = Math.floor(local / DAY_MS) + 719_468;
  const ofEra = day - Math.floor(day / 146_097) * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  return ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
}

/** Month of a day from March, from 0: five months from March, and from August, have 153 days. */
const monthFromMarch = (day: number) => Math.floor((5 * day + 2) / 153);

function monthOf(local: number): number {
  const month = monthFromMarch(dayFromMarch(local));
  return month < 10 ? month + 3 : month - 9;
}

function dayOfMonth(local: number): number {
  const day = dayFromMarch(local);
  return day - Math.floor((153 * monthFromMarch(day) + 2) / 5) + 1;
}

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
  /** By day: its offset, or NaN where that changes in its course. */
  const days = new Map<number, number>();
  const steps = new Map<number, number>();
  let lastDay = Number.NaN;
  let lastOffset = Number.NaN;
  return (ms) => {
    const day = Math.floor(ms / DAY_MS);
    if (day !== lastDay) {
      lastDay = day;
      lastOffset = days.get(day) ?? remember(days, day, offsetOfDay(format, day));
    }
    if (!Number.isNaN(lastOffset)) return lastOffset;
    const step = Math.floor(ms / OFFSET_STEP_MS);
    return steps.get(step) ?? remember(steps, step, lookUp(format, step * OFFSET_STEP_MS));
  };
}

function remember(known: Map<number, number>, key: number, offset: number): number {
  if (known.size >= MOST_OFFSETS) known.clear();
  known.set(key, offset);
  return offset;
}

/** NaN for a day that the clocks are changed on. */
function offsetOfDay(format: Intl.DateTimeFormat, day: number): number {
  const first = lookUp(format, day * DAY_MS);
  return first === lookUp(format, (day + 1) * DAY_MS) ? first : Number.NaN;
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
