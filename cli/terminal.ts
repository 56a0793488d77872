import { type Problem, TessellaError, toProblem } from '../functions/errors.ts';

/** Exit codes: 0 done, 1 the work failed, 2 the command line or the input named on it is wrong. */
export const EXIT = { failed: 1, usage: 2 } as const;

/** A run that ended as failed: its problem has been printed in the asked form already when `printed` is set. */
export class RunFailedError extends TessellaError {
  override readonly name = 'RunFailedError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail, problem);
    this.problem = problem;
  }
}

/** Prints JSON on stdout: under `--json` nothing else goes there. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One line per fact of a problem: what went wrong, where, and its name for a search. */
export function problemText(problem: Problem): string {
  const place = [
    problem.file && `file ${problem.file}`,
    problem.line !== undefined && `line ${problem.line}`,
    problem.reason && `reason ${problem.reason}`,
  ].filter(Boolean);
  return `${problem.title}: ${problem.detail}${place.length ? `\n  at ${place.join(', ')}` : ''}`;
}

/** Last stop of every command: prints the reason on stderr and sets the exit code. */
export function reportFailure(error: unknown): void {
  if (error instanceof RunFailedError) {
    process.stderr.write(`${problemText(error.problem)}\n`);
    process.exitCode = EXIT.failed;
  } else if (error instanceof TessellaError) {
    process.stderr.write(`${problemText(toProblem(error))}\n`);
    process.exitCode = error.status < 500 ? EXIT.usage : EXIT.failed;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1234567 → `1,234,567`. */
export const count = (value: number): string => grouped.format(value);

/** 1234567 → `1.2M`. */
export const short = (value: number): string => compact.format(value);

/** Milliseconds as `0.42 s` or `3 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;
}
