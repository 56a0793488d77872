import type { StepProgress } from './contracts/records.ts';
import type { Problem } from './errors.ts';
import type { Logger } from './observability.ts';
import type { Ports } from './ports.ts';

const HEARTBEAT_MS = 1000;

/** Reports how far one item of one step has come. */
export interface ProgressReport {
  running(): Promise<void>;
  /** Notes the rows handled so far, and writes them unless a write is under way or younger than a second. */
  heartbeat(rows: number): void;
  done(rows: number): Promise<void>;
  failed(problem: Problem): Promise<void>;
  /** Rows of the last heartbeat. */
  rows(): number;
}

/** Opens the report of one item. A write that fails is logged and dropped: no progress is worth a failed step. */
export function openProgress(
  { runs, clock }: Pick<Ports, 'runs' | 'clock'>,
  {
    tenant,
    runId,
    step,
    item,
    startedAt,
  }: Pick<StepProgress, 'tenant' | 'runId' | 'step' | 'item' | 'startedAt'>,
  log: Logger,
): ProgressReport {
  let rows = 0;
  let lastWrite = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | undefined;

  const write = async (status: StepProgress['status'], problem?: Problem) => {
    lastWrite = performance.now();
    try {
      await runs.reportProgress({
        tenant,
        runId,
        step,
        item,
        status,
        rows,
        startedAt,
        updatedAt: clock.now().toISOString(),
        peakMemoryMb: peakMemoryMb(),
        ...(problem === undefined ? {} : { problem }),
      });
    } catch (error) {
      log.warn('progress not written', {
        status,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  };

  /** A late heartbeat must not overwrite the last word. */
  const close = async (status: StepProgress['status'], problem?: Problem) => {
    await pending;
    await write(status, problem);
  };

  return {
    running: () => write('running'),
    heartbeat(soFar) {
      rows = soFar;
      if (pending !== undefined || performance.now() - lastWrite < HEARTBEAT_MS) return;
      pending = write('running').finally(() => {
        pending = undefined;
      });
    },
    done(total) {
      rows = total;
      return close('done');
    },
    failed: (problem) => close('failed', problem),
    rows: () => rows,
  };
}

/** Largest resident memory of this process so far, MiB. */
export function peakMemoryMb(): number {
  return Math.ceil(process.resourceUsage().maxRSS / 1024);
}
