import { METRIC_NAMESPACE } from './contracts/env.ts';

/** Severity, from chatty to loud. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of a log line. Counts, ids of runs and names of steps: never the content of a row. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one JSON object per line, of an event in few words that are always the same; what a child binds is on each of its lines. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same logger with more fields on every line. */
  child(bindings: LogFields): Logger;
}

/** Who speaks, what is loud enough to be written, where lines go and whose clock stamps them. */
export interface LoggerOptions {
  /** Field `logger` of each line: a step of a workflow, `http`, `authorizer`. */
  readonly name?: string;
  readonly level?: LogLevel;
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
  readonly bindings?: LogFields;
}

const SEVERITY: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };

/** Names of fields that hold credentials or personal data; compared without case, `-` and `_`. */
const REDACTED = new Set([
  'apikey',
  'authorization',
  'cookie',
  'customerid',
  'email',
  'password',
  'secret',
  'secrethash',
  'token',
  'xapikey',
]);

const isRedacted = (name: string) => REDACTED.has(name.toLowerCase().replaceAll(/[-_]/g, ''));

/** The level named in the environment (Lambda's own variable), `info` where it is absent or unknown. */
export function logLevel(value: string | undefined): LogLevel {
  const level = value?.toLowerCase();
  return level !== undefined && Object.hasOwn(SEVERITY, level) ? (level as LogLevel) : 'info';
}

/** A logger of JSON lines with `timestamp`, `level`, `logger` and `event` first; sensitive fields are masked at any depth. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const {
    name = 'tessella',
    level = 'info',
    write = (line) => process.stdout.write(line),
    now = () => new Date(),
    bindings = {},
  } = options;

  const line = (at: LogLevel, event: string, fields: LogFields = {}) => {
    if (SEVERITY[at] < SEVERITY[level]) return;
    const record = { timestamp: now().toISOString(), level: at, logger: name, event, ...bindings, ...fields };
    write(`${JSON.stringify(record, (field, value) => (isRedacted(field) ? '[redacted]' : value))}\n`);
  };

  return {
    debug: (event, fields) => line('debug', event, fields),
    info: (event, fields) => line('info', event, fields),
    warn: (event, fields) => line('warn', event, fields),
    error: (event, fields) => line('error', event, fields),
    child: (more) => createLogger({ name, level, write, now, bindings: { ...bindings, ...more } }),
  };
}

/** Units of CloudWatch that we use. */
export type MetricUnit = 'Count' | 'Milliseconds' | 'Megabytes';

/**
 * Log fields that CloudWatch turns into metrics (Embedded Metric Format, specification version 0): merged into a log
 * line, so that the line is the metric and nothing else is called. `dimensions` name fields of the same line; none of them
 * makes one metric of all lines.
 */
export function metricFields(
  metrics: Readonly<Record<string, { readonly value: number; readonly unit: MetricUnit }>>,
  dimensions: readonly string[],
  at: Date,
): LogFields {
  const entries = Object.entries(metrics);
  return {
    ...Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [dimensions],
          Metrics: entries.map(([Name, { unit }]) => ({ Name, Unit: unit })),
        },
      ],
    },
  };
}

/** Where an error comes from, for the log. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
