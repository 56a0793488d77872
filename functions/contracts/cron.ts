/** The five fields of a cron expression: the values of each that fit. Days of the week count from 0 = Sunday. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** Whether day of month and day of week are both restricted: then a day that fits either is due. */
  readonly eitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * Reads five fields of cron as crontab(5) of Unix defines them: minute, hour, day of month, month, day of week; `*`,
 * numbers, English names of three letters, ranges, lists and steps. undefined for anything else.
 */
export function parseCron(text: string): Cron | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  const days = valuesOf(day, 1, 31);
  const months = valuesOf(month, 1, 12, MONTHS);
  const sundays = valuesOf(weekday, 0, 7, WEEKDAYS);
  if (!minutes || !hours || !days || !months || !sundays) return undefined;
  const weekdays = new Set([...sundays].map((value) => value % 7));
  return {
    minutes,
    hours,
    days,
    months,
    weekdays,
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

function valuesOf(field: string, min: number, max: number, names: readonly string[] = []) {
  const values = new Set<number>();
  const numberOf = (text: string) => {
    const named = names.indexOf(text.toLowerCase());
    if (named >= 0) return named + (names === MONTHS ? 1 : 0);
    return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  };
  for (const part of field.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const [from = '', to] = range === '*' ? [String(min), String(max)] : range.split('-');
    const first = numberOf(from);
    const last = to !== undefined ? numberOf(to) : step !== undefined ? max : first;
    const every = step === undefined ? 1 : Number(step);
    if (!(first >= min && last <= max && first <= last && every >= 1)) return undefined;
    for (let value = first; value <= last; value += every) values.add(value);
  }
  return values;
}

const MINUTE_MS = 60_000;

/**
 * The last minute in [fromMs, toMs) at which the clocks of a time zone show a due time, ms since the epoch; undefined
 * where there is none. A time that the clocks skip in spring is not due that day, one that they show twice is due twice.
 */
export function lastDue(cron: Cron, timeZone: string, fromMs: number, toMs: number): number | undefined {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    minute: 'numeric',
    hour: 'numeric',
    day: 'numeric',
    month: 'numeric',
    weekday: 'short',
  });
  const first = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS;
  for (let at = Math.ceil(toMs / MINUTE_MS) * MINUTE_MS - MINUTE_MS; at >= first; at -= MINUTE_MS) {
    const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
    const shown = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const isDay = cron.days.has(shown('day'));
    const isWeekday = cron.weekdays.has(WEEKDAYS.indexOf(parts.get('weekday')?.toLowerCase() ?? ''));
    const fits =
      cron.minutes.has(shown('minute')) &&
      cron.hours.has(shown('hour')) &&
      cron.months.has(shown('month')) &&
      (cron.eitherDay ? isDay || isWeekday : isDay && isWeekday);
    if (fits) return at;
  }
  return undefined;
}
