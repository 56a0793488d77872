import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RunDetail } from '../functions/contracts/api-runs.ts';
import { type RunRequestInput, runRequestSchema } from '../functions/contracts/workflow.ts';
import { ConflictError, InvalidRequestError, type Problem } from '../functions/errors.ts';
import type { ApiClient } from './api.ts';
import { name, stackCommand, withStackOptions } from './options.ts';
import type { StackOptions } from './stack.ts';
import { printJson, RunFailedError } from './terminal.ts';
import type { ExecutionEnd } from './track.ts';
import { wholeNumber } from './whole-number.ts';

interface RunOptions extends StackOptions {
  readonly dataset: string;
  readonly recipe?: 'rfm' | 'table';
  readonly algorithm?: 'kmeans';
  readonly clusters?: RunRequestInput['nClusters'];
  readonly seed?: number;
  readonly restarts?: number;
  readonly shards?: number;
  readonly referenceDate?: string;
  readonly columns?: Record<string, string>;
  readonly rerun?: boolean;
  readonly serve?: true | 'always' | 'terminal';
  readonly json?: boolean;
}

/** `5` or `2..10`. */
function clusters(text: string): RunRequestInput['nClusters'] {
  const range = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  if (!range) throw new InvalidArgumentError('Expected a number such as 5, or a range such as 2..10.');
  const [min, max] = [Number(range[1]), Number(range[2] ?? range[1])];
  if (min < 2 || max > 50 || min > max) throw new InvalidArgumentError('Expected 2 to 50 clusters.');
  return range[2] === undefined ? min : { min, max };
}

/** `customerId=client,orderId=ticket`. */
function columns(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair.some((part) => part === ''))) {
    throw new InvalidArgumentError('Expected pairs such as customerId=client,orderId=ticket.');
  }
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** `tessella run`: files in, named segments out. */
export function addRunCommand(program: Command): void {
  withStackOptions(program.command('run'))
    .description('boot the stack, drop the files into its bucket, follow the run and print the segments')
    .argument(
      '<file...>',
      'orders, or one row per customer, lead, …: CSV, JSON Lines, Parquet, Arrow or xlsx; text may be gzipped',
    )
    .option('--dataset <name>', 'dataset to publish under', name, 'orders')
    .addOption(
      new Option('--recipe <name>', 'how rows become entities; default: as the header shows').choices([
        'rfm',
        'table',
      ]),
    )
    .addOption(new Option('--algorithm <name>', 'clustering algorithm').choices(['kmeans']))
    .option('--clusters <k>', 'number of segments, or a range to search such as 2..10; default: 5', clusters)
    .option('--seed <number>', 'equal seeds give equal bytes; default: 42', wholeNumber(0, 0xffffffff))
    .option(
      '--restarts <number>',
      'k-means starts, default 10; more are made when they pay',
      wholeNumber(1, 1000),
    )
    .option('--shards <number>', 'row shards and buckets; never changes a result', wholeNumber(1, 10_000))
    .option(
      '--reference-date <time>',
      'count recency from here (ISO 8601), not before the latest order; default: latest order + 1 day',
    )
    .option(
      '--columns <pairs>',
      'column names that the header does not tell, e.g. customerId=client',
      columns,
    )
    .option('--rerun', 'run again although the same content was run before')
    .option('--fresh', 'empty the data folder first')
    .addOption(
      new Option('--serve [when]', 'keep serving the API afterwards, until Ctrl-C').choices([
        'always',
        'terminal',
      ]),
    )
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .action(run);
}

/** The run request that the options spell. @throws InvalidRequestError */
export function requestOf(options: RunOptions): Omit<RunRequestInput, 'files'> {
  const { referenceDate } = options;
  const reference = referenceDate === undefined ? undefined : new Date(referenceDate);
  if (reference !== undefined && Number.isNaN(reference.getTime())) {
    throw new InvalidRequestError(
      `The reference date "${referenceDate}" is not a date: write it as 2026-01-31 or 2026-01-31T12:00:00Z.`,
    );
  }
  const request = {
    ...(options.recipe === undefined ? {} : { recipe: options.recipe }),
    ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
    ...(options.clusters === undefined ? {} : { nClusters: options.clusters }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.restarts === undefined ? {} : { nInit: options.restarts }),
    ...(options.shards === undefined ? {} : { shards: options.shards }),
    ...(reference === undefined ? {} : { referenceAt: reference.toISOString() }),
    ...(options.columns === undefined ? {} : { columns: options.columns }),
    ...(options.rerun ? { rerun: new Date().toISOString() } : {}),
  };
  const parsed = runRequestSchema.omit({ files: true }).safeParse(request);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidRequestError(`Option ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  return request;
}

async function run(files: readonly string[], options: RunOptions): Promise<void> {
  // Loaded here, so that `--help` and wrong options answer at once.
  const [
    { ApiClient: Client },
    { checkFiles, dropFiles },
    { progressView },
    report,
    stacks,
    { ExecutionTracker },
  ] = await Promise.all([
    import('./api.ts'),
    import('./drop.ts'),
    import('./progress.ts'),
    import('./report.ts'),
    import('./stack.ts'),
    import('./track.ts'),
  ]);
  await checkFiles(files);
  const request = requestOf(options);
  const note = (line: string) => process.stderr.write(`${line}\n`);
  const tracker = new ExecutionTracker();
  const stack = await stacks.startStack(options, note, { onState: tracker.onState });
  try {
    const { cloud, apiKey } = stack;
    const api = new Client(cloud.apiUrl, apiKey);
    const { tenant, dataset } = options;
    const key = await dropFiles(stack, options, files, request);
    const end = await tracker.follow(cloud, key, progressView(false), async ({ runId }) =>
      rowsOf(await api.run(runId)),
    );
    if (end.failure) throw await failureOf(end, api);
    const { runId } = end.run!;
    if (end.outcome === 'alreadyRunning') {
      throw new ConflictError(`Run ${runId} of the same content is under way: wait until it has ended.`, {
        runId,
      });
    }
    const detail = await api.run(runId);
    const { segments } = await api.segments(dataset);
    const serve = options.serve === 'terminal' ? process.stdout.isTTY : options.serve !== undefined;
    const result = {
      runId,
      status: detail.status,
      outcome: end.outcome!,
      tenant,
      dataset,
      rows: detail.rows!,
      customers: detail.nEntities!,
      scores: detail.scores!,
      segments,
      timings: report.timingsOf(end.states, peaksOf(detail)),
      artifacts: detail.artifacts ?? [],
      quality: stackCommand(`quality ${runId}`, options),
      api: {
        url: cloud.apiUrl,
        requests: report.apiRequests(cloud.apiUrl, apiKey, {
          dataset,
          runId,
          isTable: segments.some(({ distinctive }) => distinctive !== undefined),
        }),
        ...(serve ? {} : { serve: stackCommand('up', options) }),
      },
    };
    if (options.json) printJson(result);
    else process.stdout.write(`\n${report.reportText(result)}`);
    if (serve) {
      note('\nThe API is up. Ctrl-C stops it; the data stays.');
      await stacks.untilInterrupted();
    }
  } finally {
    await stack.close();
  }
}

/** Why the execution failed: the problem on its run, where it got as far as having one. */
async function failureOf(
  { executionArn, run, failure }: ExecutionEnd,
  api: ApiClient,
): Promise<RunFailedError> {
  const detail = run ? await api.run(run.runId) : await api.runOfExecution(executionArn);
  if (detail?.problem) {
    return new RunFailedError({ ...(detail.problem as unknown as Problem), runId: detail.runId });
  }
  const { error, cause } = failure!;
  const lambda = parseCause(cause);
  return new RunFailedError({
    type: 'about:blank',
    title: lambda?.errorType ?? error,
    status: 500,
    detail: lambda?.errorMessage ?? cause,
  });
}

/** What Lambda writes into the cause of a failed task; anything else is text. */
function parseCause(cause: string): { errorType?: string; errorMessage?: string } | undefined {
  try {
    return JSON.parse(cause);
  } catch {
    return undefined;
  }
}

const rowsOf = ({ steps }: RunDetail) => new Map(steps.map(({ step, rows }) => [step as string, rows]));
const peaksOf = ({ steps }: RunDetail) =>
  new Map(steps.map(({ step, peakMemoryMb }) => [step as string, peakMemoryMb]));
