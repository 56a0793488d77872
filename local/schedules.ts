import { randomUUID } from 'node:crypto';
import { type Deliver, targetCheck } from './event-targets.ts';
import type { Iam } from './iam.ts';
import { parseCron } from './schedule-cron.ts';
import type { Assembly, Resource } from './template.ts';
import { TemplateError } from './template-error.ts';

/** Time as schedules see it. */
export interface ScheduleClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `delayMs`; returns how to call that off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** A schedule and when it fires next. */
export interface UpcomingRun {
  /** Logical id of the schedule. */
  readonly schedule: string;
  readonly expression: string;
  readonly targetArn: string;
  /** Absent when it will not fire again. */
  readonly at?: Date;
}

/** The schedules of an assembly, running. */
export interface Schedules {
  /** Soonest first; those that will not fire again come last. */
  upcoming(): UpcomingRun[];
  stop(): void;
}

/** Settings of the schedules. */
export interface SchedulesOptions {
  readonly assembly: Assembly;
  readonly iam: Iam;
  readonly deliver: Deliver;
  /** Default: the clock of this machine; its timers do not keep the process alive. */
  readonly clock?: ScheduleClock;
  /** Told of each delivery and its failure. */
  readonly log?: (line: string) => void;
}

interface ScheduleProperties {
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly State?: 'ENABLED' | 'DISABLED';
  readonly StartDate?: string;
  readonly EndDate?: string;
  readonly Target: { readonly Arn: string; readonly RoleArn: string; readonly Input?: string };
}

/** First instant after `after`, both in milliseconds since the epoch; undefined when there is none. */
type NextFire = (after: number) => number | undefined;

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A timer takes at most 2^31 - 1 ms; waking every minute also follows a machine that slept or set its clock. */
const LONGEST_SLEEP_MS = 60_000;

const systemClock: ScheduleClock = {
  now: Date.now,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * When a schedule expression fires: `cron(…)`, `rate(n unit)` counted from `origin`, or `at(yyyy-mm-ddThh:mm:ss)`, in
 * UTC.
 *
 * @throws TemplateError for anything else
 */
export function parseSchedule(expression: string, origin: number): NextFire {
  const [, kind, argument = ''] = /^(cron|rate|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'cron') return parseCron(argument).next;
  if (kind === 'rate') {
    const [, count, unit = ''] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(argument.trim()) ?? [];
    if (count) {
      const period = Number(count) * UNITS[unit]!;
      return (after) => origin + Math.max(0, Math.floor((after - origin) / period) + 1) * period;
    }
  }
  if (kind === 'at' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(argument)) {
    const instant = Date.parse(`${argument}Z`);
    if (!Number.isNaN(instant)) return (after) => (instant > after ? instant : undefined);
  }
  throw new TemplateError(
    `the schedule expression ${expression} is not understood; write cron(…), rate(…) or at(yyyy-mm-ddThh:mm:ss)`,
  );
}

interface Entry {
  readonly resource: Resource;
  readonly properties: ScheduleProperties;
  readonly next: NextFire;
  readonly check: () => void;
}

function entryOf(resource: Resource, iam: Iam, now: number): Entry {
  const properties = resource.properties as unknown as ScheduleProperties;
  const { ScheduleExpressionTimezone: zone = 'UTC', StartDate, EndDate, Target } = properties;
  const source = `schedule ${resource.logicalId}`;
  if (!['UTC', 'Etc/UTC'].includes(zone))
    throw new TemplateError(`${source}: the time zone ${zone} is not honoured on this machine; use UTC`);
  const start = StartDate === undefined ? Number.NEGATIVE_INFINITY : Date.parse(StartDate);
  const end = EndDate === undefined ? Number.POSITIVE_INFINITY : Date.parse(EndDate);
  if (Number.isNaN(start) || Number.isNaN(end))
    throw new TemplateError(
      `${source}: StartDate and EndDate are ISO 8601 dates; found ${StartDate}, ${EndDate}`,
    );
  const fires = parseSchedule(properties.ScheduleExpression, Number.isFinite(start) ? start : now);
  return {
    resource,
    properties,
    next(after) {
      const at = fires(Math.max(after, start - 1));
      return at !== undefined && at <= end ? at : undefined;
    },
    check: targetCheck(source, Target.Arn, Target.RoleArn, iam),
  };
}

/** The target's input, context attributes filled in (EventBridge Scheduler user guide, "Context attributes"). */
function inputOf({ resource, properties }: Entry, at: number): unknown {
  const attributes: Readonly<Record<string, string>> = {
    'schedule-arn': resource.arn,
    'scheduled-time': new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    'execution-id': randomUUID(),
    'attempt-number': '1',
  };
  const text = (properties.Target.Input ?? '{}').replace(
    /<aws\.scheduler\.([a-z-]+)>/g,
    (whole, name: string) => attributes[name] ?? whole,
  );
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Starts the enabled schedules of the assembly. A time that passed while the machine slept fires once, late.
 *
 * @throws TemplateError for expressions, time zones and targets that are not honoured
 */
export function startSchedules({
  assembly,
  iam,
  deliver,
  clock = systemClock,
  log = () => {},
}: SchedulesOptions): Schedules {
  const entries = assembly
    .resources('AWS::Scheduler::Schedule')
    .map((resource) => entryOf(resource, iam, clock.now()))
    .filter(({ properties }) => properties.State !== 'DISABLED');
  const cancels = new Map<Entry, () => void>();
  const dueAt = new Map<Entry, number | undefined>();

  const fire = async (entry: Entry, at: number) => {
    const { logicalId } = entry.resource;
    try {
      entry.check();
      log(`schedule ${logicalId} fires for ${new Date(at).toISOString()}`);
      await deliver(entry.properties.Target.Arn, inputOf(entry, at));
    } catch (error) {
      log(`schedule ${logicalId} could not be delivered: ${(error as Error).message}`);
    }
  };
  const arm = (entry: Entry) => {
    const due = dueAt.get(entry);
    if (due === undefined) return;
    const delay = Math.min(Math.max(0, due - clock.now()), LONGEST_SLEEP_MS);
    cancels.set(
      entry,
      clock.after(delay, () => {
        if (clock.now() >= due) {
          dueAt.set(entry, entry.next(clock.now()));
          void fire(entry, due);
        }
        arm(entry);
      }),
    );
  };
  for (const entry of entries) {
    dueAt.set(entry, entry.next(clock.now()));
    arm(entry);
  }

  return {
    upcoming: () =>
      entries
        .map((entry) => ({ entry, due: dueAt.get(entry) }))
        .sort((a, b) => (a.due ?? Number.POSITIVE_INFINITY) - (b.due ?? Number.POSITIVE_INFINITY))
        .map(({ entry: { resource, properties }, due }) => ({
          schedule: resource.logicalId,
          expression: properties.ScheduleExpression,
          targetArn: properties.Target.Arn,
          ...(due !== undefined && { at: new Date(due) }),
        })),
    stop() {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}
