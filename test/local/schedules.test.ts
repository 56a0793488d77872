import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIam } from '../../local/iam.ts';
import { parseCron } from '../../local/schedule-cron.ts';
import { parseSchedule, type ScheduleClock, startSchedules } from '../../local/schedules.ts';
import { assemblyOf, roleResource } from './support/assembly-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:flow';

/** The first times after an instant. */
function times(expression: string, after: string, count = 1): string[] {
  const { next } = parseCron(expression);
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < count) {
    const following = next(at);
    if (following === undefined) break;
    at = following;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

describe('parseCron', () => {
  it.each([
    ['0 3 ? * MON *', '2026-11-23T03:00:00Z', ['2026-11-30T03:00', '2026-12-07T03:00']],
    ['0 3 ? * MON *', '2026-11-23T02:59:59Z', ['2026-11-23T03:00']],
    [
      '0/20 9-10 * * ? *',
      '2026-01-01T09:30:00Z',
      ['2026-01-01T09:40', '2026-01-01T10:00', '2026-01-01T10:20'],
    ],
    ['15,45 0 1 JAN,jul ? *', '2026-01-01T00:20:00Z', ['2026-01-01T00:45', '2026-07-01T00:15']],
    ['0 0 29 2 ? *', '2026-08-01T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['0 0 31 * ? *', '2026-03-31T00:00:00Z', ['2026-05-31T00:00', '2026-07-31T00:00']],
    ['0 2 L * ? *', '2026-02-01T00:00:00Z', ['2026-02-28T02:00', '2026-03-31T02:00']],
    // 15 August 2026 is a Saturday, 15 November 2026 a Sunday, 1 August 2026 a Saturday.
    ['0 2 15W 8,11 ? *', '2026-08-01T00:00:00Z', ['2026-08-14T02:00', '2026-11-16T02:00']],
    ['0 2 1W 8 ? *', '2026-07-01T00:00:00Z', ['2026-08-03T02:00']],
    ['0 2 ? * 2#1 *', '2026-02-01T00:00:00Z', ['2026-02-02T02:00', '2026-03-02T02:00']],
    ['0 2 ? * FRIL *', '2026-02-01T00:00:00Z', ['2026-02-27T02:00', '2026-03-27T02:00']],
    ['0 2 ? * MON-WED/2 *', '2026-11-22T00:00:00Z', ['2026-11-23T02:00', '2026-11-25T02:00']],
    ['0 0 1 1 ? 2028/2', '2026-01-01T00:00:00Z', ['2028-01-01T00:00', '2030-01-01T00:00']],
    ['0 0 1 1 ? 2020', '2026-01-01T00:00:00Z', []],
    ['0 0 30 2 ? *', '2026-01-01T00:00:00Z', []],
  ])('finds the next times of %s', (expression, after, expected) => {
    expect(times(expression, after, expected.length || 1)).toEqual(expected);
  });

  it('agrees with an independent parser where days exist in every month', () => {
    const { parse, next } = createRequire(import.meta.url)('aws-cron-parser') as {
      parse(cron: string): unknown;
      next(parsed: unknown, from: Date): Date | null;
    };
    const number = (min: number, max: number) => fc.integer({ min, max }).map(String);
    const step = fc.tuple(number(0, 30), number(1, 20)).map(([from, by]) => `${from}/${by}`);
    const minute = fc.oneof(number(0, 59), step, fc.constant('*'));
    const days = fc.oneof(
      fc.tuple(fc.oneof(number(1, 28), fc.constant('*')), fc.constant('?')),
      fc.tuple(fc.constant('?'), fc.oneof(number(1, 7), fc.constantFrom('MON-FRI', '2#3', '*'))),
    );
    const month = fc.oneof(number(1, 12), fc.constantFrom('*', 'JAN-MAR', '2/3'));
    const from = fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(minute, number(0, 23), days, month, from, (m, h, [day, weekday], mon, date) => {
        const expression = `${m} ${h} ${day} ${mon} ${weekday} *`;
        expect(parseCron(expression).next(date.getTime())).toBe(next(parse(expression), date)?.getTime());
      }),
    );
  });

  it.each([
    ['0 3 * * *', /6 fields, found 5/],
    ['0 3 * * * *', /one of day-of-month and day-of-week must be "\?"/],
    ['0 3 ? * ? *', /one of day-of-month/],
    ['61 3 ? * MON *', /minutes takes 0 to 59, found "61"/],
    ['0 3 ? * FUN *', /day-of-week takes 1 to 7 or SUN,MON/],
    ['0 20-4 * * ? *', /hours has the range or step "20-4"/],
    ['0/0 3 * * ? *', /step from 1/],
  ])('fails for %s', (expression, message) => {
    expect(() => parseCron(expression)).toThrow(message);
  });
});

describe('parseSchedule', () => {
  const origin = Date.parse('2026-01-01T00:00:00Z');

  it('counts rates from their origin', () => {
    const next = parseSchedule('rate(5 minutes)', origin);
    expect(next(origin)).toBe(origin + 300_000);
    expect(next(origin + 299_999)).toBe(origin + 300_000);
    expect(next(origin + 300_000)).toBe(origin + 600_000);
    expect(parseSchedule('rate(1 day)', origin)(origin)).toBe(origin + 86_400_000);
  });

  it('fires once at an instant', () => {
    const next = parseSchedule('at(2026-01-01T00:00:10)', origin);
    expect([next(origin), next(origin + 10_000)]).toEqual([origin + 10_000, undefined]);
  });

  it.each(['rate(0 minutes)', 'rate(5 weeks)', 'at(tomorrow)', 'at(2026-13-01T00:00:00)', 'every day'])(
    'fails for %s',
    (expression) => {
      expect(() => parseSchedule(expression, origin)).toThrow(/is not understood; write cron/);
    },
  );
});

/** A clock that a test moves; timers fire in order of time. */
class ManualClock implements ScheduleClock {
  #now: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets time pass up to an instant; what was due fires on the way. */
  async moveTo(instant: string): Promise<void> {
    const until = Date.parse(instant);
    for (;;) {
      const [first] = this.#timers.sort((a, b) => a.at - b.at);
      if (!first || first.at > until) break;
      this.#timers.shift();
      this.#now = Math.max(this.#now, first.at);
      first.callback();
      await Promise.resolve();
    }
    this.#now = until;
  }

  /** The machine sleeps: time passes and no timer fires until it wakes. */
  sleepUntil(instant: string): void {
    this.#now = Date.parse(instant);
  }
}

function run(schedules: Record<string, object>, { allowed = true, now = '2026-11-22T00:00:00Z' } = {}) {
  const statement = { Effect: 'Allow', Action: 'states:StartExecution', Resource: MACHINE };
  const resources = Object.entries(schedules).map(
    ([id, { Target = {}, ...more }]: [string, { Target?: object }]) => [
      id,
      {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          FlexibleTimeWindow: { Mode: 'OFF' },
          ...more,
          Target: {
            Arn: MACHINE,
            RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
            Input: '{"trigger":"schedule"}',
            ...Target,
          },
        },
      },
    ],
  );
  const assembly = assemblyOf(temporaryFolder(), {
    Role: roleResource(...(allowed ? [statement] : [])),
    ...Object.fromEntries(resources),
  });
  const clock = new ManualClock(now);
  const fired: [string, unknown][] = [];
  const log: string[] = [];
  const running = startSchedules({
    assembly,
    iam: createIam(assembly),
    deliver: (_arn, input) => void fired.push([new Date(clock.now()).toISOString().slice(0, 16), input]),
    clock,
    log: (line) => log.push(line),
  });
  return { clock, fired, log, running };
}

describe('schedules', () => {
  it('fire with their input, on time, week after week', async () => {
    const { clock, fired } = run({
      Weekly: { ScheduleExpression: 'cron(0 3 ? * MON *)', ScheduleExpressionTimezone: 'Etc/UTC' },
    });
    await clock.moveTo('2026-12-01T00:00:00Z');
    expect(fired).toEqual([
      ['2026-11-23T03:00', { trigger: 'schedule' }],
      ['2026-11-30T03:00', { trigger: 'schedule' }],
    ]);
  });

  it('tell what comes next, soonest first', () => {
    const { running } = run({
      Past: { ScheduleExpression: 'at(2020-01-01T00:00:00)' },
      Weekly: { ScheduleExpression: 'cron(0 3 ? * MON *)' },
      Hourly: { ScheduleExpression: 'rate(1 hour)' },
      Off: { ScheduleExpression: 'rate(1 minute)', State: 'DISABLED' },
    });
    expect(running.upcoming().map(({ schedule, at }) => [schedule, at?.toISOString()])).toEqual([
      ['Hourly', '2026-11-22T01:00:00.000Z'],
      ['Weekly', '2026-11-23T03:00:00.000Z'],
      ['Past', undefined],
    ]);
  });

  it('keep to their start and end', async () => {
    const window = { StartDate: '2026-11-22T06:00:00Z', EndDate: '2026-11-22T08:30:00Z' };
    const { clock, fired } = run({ Hourly: { ScheduleExpression: 'rate(1 hour)', ...window } });
    await clock.moveTo('2026-11-23T00:00:00Z');
    expect(fired.map(([at]) => at)).toEqual(['2026-11-22T06:00', '2026-11-22T07:00', '2026-11-22T08:00']);
  });

  it('fire once, late, for times that the machine slept through', async () => {
    const { clock, fired } = run({ Hourly: { ScheduleExpression: 'rate(1 hour)' } });
    clock.sleepUntil('2026-11-22T05:30:00Z');
    await clock.moveTo('2026-11-22T06:10:00Z');
    expect(fired.map(([at]) => at)).toEqual(['2026-11-22T05:30', '2026-11-22T06:00']);
  });

  it('fill context attributes into the input', async () => {
    const Input = '{"at":"<aws.scheduler.scheduled-time>","arn":"<aws.scheduler.schedule-arn>"}';
    const { clock, fired } = run({
      Once: { ScheduleExpression: 'at(2026-11-22T00:01:00)', Target: { Input } },
    });
    await clock.moveTo('2026-11-23T00:00:00Z');
    const arn = 'arn:aws:scheduler:eu-central-1:000000000000:schedule/default/app-Once';
    expect(fired).toEqual([['2026-11-22T00:01', { at: '2026-11-22T00:01:00Z', arn }]]);
  });

  it('stop, leaving no timer', async () => {
    const { clock, fired, running } = run({ Hourly: { ScheduleExpression: 'rate(1 hour)' } });
    running.stop();
    expect(clock.timers).toBe(0);
    await clock.moveTo('2026-11-23T00:00:00Z');
    expect(fired).toEqual([]);
  });

  it('fail to start what their role may not, and log it', async () => {
    const { clock, fired, log } = run({ Hourly: { ScheduleExpression: 'rate(1 hour)' } }, { allowed: false });
    await clock.moveTo('2026-11-22T01:00:00Z');
    expect(fired).toEqual([]);
    expect(log).toEqual([expect.stringMatching(/Hourly could not be delivered: .*not authorized/)]);
  });

  it.each([
    [
      { ScheduleExpression: 'rate(1 hour)', ScheduleExpressionTimezone: 'Europe/Berlin' },
      /time zone Europe\/Berlin/,
    ],
    [{ ScheduleExpression: 'cron(0 3 * * *)' }, /6 fields/],
    [{ ScheduleExpression: 'rate(1 hour)', StartDate: 'soon' }, /StartDate and EndDate are ISO 8601/],
    [
      { ScheduleExpression: 'rate(1 hour)', Target: { Arn: 'arn:aws:scheduler:::aws-sdk:s3:copyObject' } },
      /cannot be reached/,
    ],
  ])('fail at the start for %j', (schedule, message) => {
    expect(() => run({ S: schedule })).toThrow(message);
  });
});
