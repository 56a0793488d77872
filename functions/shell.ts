import { z } from 'zod';
import { awsPortsOnce } from './aws-ports-once.ts';
import { type DrilldownStep, nameSchema, type RunRef, type Step } from './contracts/workflow.ts';
import { InvalidRequestError, TransientStoreError, toProblem } from './errors.ts';
import { createLogger, type Logger, logLevel, metricFields, stackOf } from './observability.ts';
import type { Ports } from './ports.ts';
import { openProgress, type ProgressReport, peakMemoryMb } from './step-progress.ts';

/** Functions that belong to no step of a run: nobody waits for their progress. */
const WITHOUT_PROGRESS = [
  'MarkFailed',
  'ExpireRuns',
  'MarkDrilldownFailed',
  'RunSchedules',
  'CampaignJobs',
  'ImportInsights',
  'ReviewExperiments',
  'DeliverWebhooks',
] as const;
type StepWithoutProgress = (typeof WITHOUT_PROGRESS)[number];

function hasProgress(step: Step | DrilldownStep | StepWithoutProgress): step is Step | DrilldownStep {
  return !WITHOUT_PROGRESS.some((one) => one === step);
}

/** What a run and a drill-down have in common: where their progress is written. */
const reportedRunSchema = z.object({
  tenant: nameSchema,
  dataset: nameSchema.optional(),
  runId: z.string(),
});
type ReportedRun = z.output<typeof reportedRunSchema>;

/** What a step is given besides its input. */
export interface StepContext {
  readonly ports: Ports;
  /** Id of the workflow execution where the event carries it, else of this one invocation. */
  readonly executionId: string;
  readonly log: Logger;
  /** Heartbeat: rows handled so far; at most one store write per second. */
  progress(rows: number): void;
  /** For PlanRun, whose event names no run: from this call on, progress and failure are recorded on the claimed run. */
  claimed(run: RunRef): Promise<void>;
}

/** The part of Lambda's context object that we read. */
export interface LambdaContext {
  readonly awsRequestId: string;
}

/** Replacements, as tests need them: other ports than AWS, another place for the log. */
export interface StepHandlerOptions {
  readonly ports?: () => Ports | Promise<Ports>;
  readonly log?: Logger;
}

/** A Lambda entry point of one workflow step. */
export interface StepHandler<O> {
  (event: unknown, lambdaContext?: LambdaContext): Promise<O>;
  /** The same entry point on other ports, or with another log. */
  with(options: StepHandlerOptions): StepHandler<O>;
}

/**
 * Wraps a step into a Lambda entry point: parses the event, opens the ports, reports progress of the run, logs one
 * line at the start and one at the end, and rethrows, so that Step Functions reads the error's name.
 * @throws InvalidRequestError when the event does not fit the schema
 */
export function stepHandler<I, O>(
  step: Step | DrilldownStep | StepWithoutProgress,
  schema: z.ZodType<I>,
  run: (input: I, context: StepContext) => Promise<O>,
  options: StepHandlerOptions = {},
): StepHandler<O> {
  const {
    ports: openPorts = awsPortsOnce,
    log: root = createLogger({ name: step, level: environmentLevel() }),
  } = options;

  const handle = async (event: unknown, lambdaContext?: LambdaContext) => {
    const executionId = text(event, 'executionId') ?? lambdaContext?.awsRequestId ?? 'unknown';
    const runRef = runOf(event);
    const item = itemOf(event);
    let log = root.child({ step, executionId, ...runRef, ...(item === undefined ? {} : { item }) });
    const started = performance.now();
    const durationMs = () => Math.round(performance.now() - started);
    log.info('step started');

    let report: ProgressReport | undefined;
    try {
      const input = parse(step, schema, event);
      const ports = await openPorts();
      const startedAt = ports.clock.now().toISOString();
      const open = async (ref: ReportedRun) => {
        if (!hasProgress(step)) return;
        report = openProgress(ports, { ...ref, step, item: item ?? 0, startedAt }, log);
        await report.running();
      };
      if (runRef !== undefined) await open(runRef);

      const output = await run(input, {
        ports,
        executionId,
        log,
        progress: (rows) => report?.heartbeat(rows),
        claimed: (ref) => {
          log = log.child({ ...ref });
          return open(ref);
        },
      });
      const rows = count(output, 'rows') ?? report?.rows() ?? 0;
      await report?.done(rows);
      const metrics = {
        durationMs: { value: durationMs(), unit: 'Milliseconds' },
        rows: { value: rows, unit: 'Count' },
        peakMemoryMb: { value: peakMemoryMb(), unit: 'Megabytes' },
      } as const;
      log.info('step done', metricFields(metrics, ['step'], ports.clock.now()));
      return output;
    } catch (error) {
      const problem = toProblem(error);
      const failure = { durationMs: durationMs(), rows: report?.rows() ?? 0, problem };
      if (error instanceof TransientStoreError) {
        // The workflow tries again: the run has not failed.
        log.warn('step interrupted', failure);
      } else {
        await report?.failed(problem);
        log.error('step failed', {
          ...failure,
          ...(problem.status >= 500 ? { stack: stackOf(error) } : {}),
        });
      }
      throw error;
    }
  };
  return Object.assign(handle, {
    with: (others: StepHandlerOptions) => stepHandler(step, schema, run, { ...options, ...others }),
  });
}

function environmentLevel() {
  return logLevel(process.env.AWS_LAMBDA_LOG_LEVEL);
}

function parse<I>(step: string, schema: z.ZodType<I>, event: unknown): I {
  const result = schema.safeParse(event);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'input'}: ${message}`);
  throw new InvalidRequestError(
    `The input of ${step} is not valid: ${issues.join('; ')}. Start a run through the workflow, or correct these fields.`,
    { reason: 'invalid_input', issues },
  );
}

const fieldSchema = z.looseObject({});

function field(value: unknown, name: string): unknown {
  return fieldSchema.safeParse(value).data?.[name];
}

function text(value: unknown, name: string): string | undefined {
  return z.string().safeParse(field(value, name)).data;
}

function count(value: unknown, name: string): number | undefined {
  return z.number().safeParse(field(value, name)).data;
}

function itemOf(event: unknown): number | undefined {
  return z.int().min(0).safeParse(field(event, 'item')).data;
}

function runOf(value: unknown): ReportedRun | undefined {
  return reportedRunSchema.safeParse(field(value, 'run')).data;
}
