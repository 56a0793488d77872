import { TemplateError } from './template-error.ts';

/** A cron expression of EventBridge: six fields, in UTC. */
export interface Cron {
  /** First instant strictly after `after` (both in milliseconds since the epoch); undefined when there is none. */
  next(after: number): number | undefined;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Three-letter names of `min`, `min + 1`, … */
  readonly names?: readonly string[];
}

const DAY_MS = 86_400_000;
const LAST_YEAR = 2199;
const FIELDS = [
  { name: 'minutes', min: 0, max: 59 },
  { name: 'hours', min: 0, max: 23 },
  { name: 'day-of-month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ') },
  { name: 'day-of-week', min: 1, max: 7, names: 'SUN MON TUE WED THU FRI SAT'.split(' ') },
  { name: 'year', min: 1970, max: LAST_YEAR },
] as const satisfies readonly Field[];

/** Whether a day (UTC midnight) matches. */
type DayTest = (day: Date) => boolean;

const daysInMonth = (day: Date) =>
  new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
const weekdayOf = (day: Date) => day.getUTCDay() + 1;

function numberOf(text: string, { name, min, max, names = [] }: Field): number {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? min + named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new TemplateError(
      `${name} takes ${min} to ${max}${names.length ? ` or ${names}` : ''}, found "${text}"`,
    );
  return value;
}

/** Values of a list of numbers, ranges and steps. */
function valuesOf(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/');
    const [first = '', last] = range === '*' ? [String(field.min), String(field.max)] : range.split('-');
    const from = numberOf(first, field);
    const to = last !== undefined ? numberOf(last, field) : step !== undefined ? field.max : from;
    const by = step === undefined ? 1 : Number(step);
    if (from > to || !Number.isInteger(by) || by < 1)
      throw new TemplateError(
        `${field.name} has the range or step "${part}"; write it rising, with a step from 1`,
      );
    for (let value = from; value <= to; value += by) values.add(value);
  }
  return values;
}

/** The weekday nearest to a day of the month, in the same month. */
function nearestWeekday(day: Date, wanted: number): number {
  const last = daysInMonth(day);
  const target = Math.min(wanted, last);
  const weekday = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), target)).getUTCDay();
  if (weekday === 6) return target > 1 ? target - 1 : target + 2;
  if (weekday === 0) return target < last ? target + 1 : target - 2;
  return target;
}

function dayOfMonthTest(text: string): DayTest {
  if (text === 'L') return (day) => day.getUTCDate() === daysInMonth(day);
  if (/^\d+W$/.test(text)) {
    const wanted = numberOf(text.slice(0, -1), FIELDS[2]);
    return (day) => day.getUTCDate() === nearestWeekday(day, wanted);
  }
  const days = valuesOf(text, FIELDS[2]);
  return (day) => days.has(day.getUTCDate());
}

function dayOfWeekTest(text: string): DayTest {
  if (text === 'L') return (day) => weekdayOf(day) === 7;
  const [, last] = /^(\w+)L$/.exec(text) ?? [];
  if (last !== undefined) {
    const weekday = numberOf(last, FIELDS[4]);
    return (day) => weekdayOf(day) === weekday && day.getUTCDate() > daysInMonth(day) - 7;
  }
  const [, name, nth] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (name !== undefined) {
    const weekday = numberOf(name, FIELDS[4]);
    return (day) => weekdayOf(day) === weekday && Math.ceil(day.getUTCDate() / 7) === Number(nth);
  }
  const weekdays = valuesOf(text, FIELDS[4]);
  return (day) => weekdays.has(weekdayOf(day));
}

/**
 * Parses the inside of `cron(…)`: minutes, hours, day-of-month, month, day-of-week, year (EventBridge Scheduler user
 * guide, "Cron-based schedules"), with `, - * / ? L W #`.
 *
 * @throws TemplateError that names the field at fault
 */
export function parseCron(expression: string): Cron {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 6)
    throw new TemplateError(`cron takes 6 fields, found ${fields.length} in "${expression}"`);
  const [minuteText, hourText, dayText, monthText, weekdayText, yearText] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if ((dayText === '?') === (weekdayText === '?'))
    throw new TemplateError(
      `one of day-of-month and day-of-week must be "?", and only one, in "${expression}"`,
    );
  const minutes = [...valuesOf(minuteText, FIELDS[0])].sort((a, b) => a - b);
  const hours = [...valuesOf(hourText, FIELDS[1])].sort((a, b) => a - b);
  const months = valuesOf(monthText, FIELDS[3]);
  const years = valuesOf(yearText, FIELDS[5]);
  const dayMatches = dayText === '?' ? dayOfWeekTest(weekdayText) : dayOfMonthTest(dayText);
  return {
    next(after) {
      for (let midnight = Math.floor(after / DAY_MS) * DAY_MS; ; midnight += DAY_MS) {
        const day = new Date(midnight);
        if (day.getUTCFullYear() > LAST_YEAR) return undefined;
        if (!years.has(day.getUTCFullYear()) || !months.has(day.getUTCMonth() + 1) || !dayMatches(day))
          continue;
        for (const hour of hours)
          for (const minute of minutes) {
            const instant = midnight + (hour * 60 + minute) * 60_000;
            if (instant > after) return instant;
          }
      }
    },
  };
}
