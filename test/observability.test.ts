import { describe, expect, it } from 'vitest';
import { createLogger, logLevel, metricFields } from '../functions/observability.ts';

const now = () => new Date('2024-05-06T07:08:09.000Z');

function lines(level?: 'debug' | 'warn') {
  const written: string[] = [];
  const write = (line: string) => written.push(line);
  return { written, log: createLogger({ write, now, ...(level === undefined ? {} : { level }) }) };
}

describe('the logger', () => {
  it('writes one JSON object per line, timestamp, level, logger and event first', () => {
    const { written, log } = lines();
    log.child({ step: 'PlanRun' }).info('hello', { rows: 2 });
    expect(written).toEqual([
      '{"timestamp":"2024-05-06T07:08:09.000Z","level":"info","logger":"tessella","event":"hello","step":"PlanRun","rows":2}\n',
    ]);
  });

  it('drops what is quieter than its level', () => {
    const { written, log } = lines('warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(written.map((line) => JSON.parse(line).event)).toEqual(['c', 'd']);
  });

  it('masks credentials and personal data at any depth and in any spelling', () => {
    const { written, log } = lines();
    log.info('call', { headers: { 'X-API-Key': 'tsl.a.b.c' }, items: [{ customer_id: '12347', rows: 1 }] });
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      headers: { 'X-API-Key': '[redacted]' },
      items: [{ customer_id: '[redacted]', rows: 1 }],
    });
    expect(written[0]).not.toMatch(/12347|tsl/);
  });

  it('reads its level from text and falls back to info', () => {
    expect([logLevel('WARN'), logLevel('nonsense'), logLevel(undefined), logLevel('toString')]).toEqual([
      'warn',
      'info',
      'info',
      'info',
    ]);
  });
});

describe('metric fields', () => {
  it('name each metric with its unit and carry its value beside', () => {
    const fields = metricFields({ rows: { value: 7, unit: 'Count' } }, ['step'], now());
    expect(fields).toEqual({
      rows: 7,
      _aws: {
        Timestamp: now().getTime(),
        CloudWatchMetrics: [
          { Namespace: 'tessella', Dimensions: [['step']], Metrics: [{ Name: 'rows', Unit: 'Count' }] },
        ],
      },
    });
  });
});
