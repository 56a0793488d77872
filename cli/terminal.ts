import { writeSync } from 'node:fs';
import { CommanderError } from 'commander';
import { InvalidRequestError, type Problem, TessellaError, toProblem } from '../functions/errors.ts';

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

const STDOUT = 1;
const STDERR = 2;

/** Prints on stdout. The stream `process.stdout` is left alone: to load it takes longer than a small clustering. */
export const print = (text: string): void => writeAll(STDOUT, text);

/** Prints on stderr. */
export const printNote = (text: string): void => writeAll(STDERR, text);

/** Whoever reads us may stop early (`tessella cluster … | head`): what we still have to do goes on. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      // A pipe that does not block, and is full: its reader gets a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Prints JSON on stdout: under `--json` nothing else goes there. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}

/** How the command line spells what the request calls "columns". */
const COLUMNS_HINT =
  '  On the command line: --columns customerId=…,orderId=…,orderedAt=…,quantity=…,unitPrice=… (those that differ)';

/** One line per fact of a problem: what went wrong, where, and its name for a search. */
export function problemText(problem: Problem): string {
  const place = [
    problem.file && `file ${problem.file}`,
    problem.line !== undefined && `line ${problem.line}`,
    problem.reason && `reason ${problem.reason}`,
  ].filter(Boolean);
  return [
    `${problem.title}: ${problem.detail}`,
    ...(place.length > 0 ? [`  at ${place.join(', ')}`] : []),
    ...(problem.detail.includes('under "columns"') ? [COLUMNS_HINT] : []),
  ].join('\n');
}

/** The problem document of anything a command may throw; errors that are not ours keep their name and message. */
function problemOf(error: unknown): Problem {
  if (error instanceof RunFailedError) return error.problem;
  if (error instanceof TessellaError) return toProblem(error);
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { type: 'about:blank', title: name, status: 500, detail: message };
}

/**
 * Last stop of every command: prints the reason on stderr and sets the exit code; under `--json` scripts read the
 * reason on stdout, where they would have read the result. Where the error was thrown is shown only on demand.
 */
export function reportFailure(error: unknown, { json, trace }: { json: boolean; trace: boolean }): void {
  if (error instanceof CommanderError) {
    // Commander has printed its message; asking for help is no failure.
    if (error.exitCode === 0) return;
    process.exitCode = EXIT.usage;
    if (json) printFailure(toProblem(new InvalidRequestError(error.message.replace(/^error: /, ''))));
    return;
  }
  const problem = problemOf(error);
  const wrongInput =
    error instanceof TessellaError && !(error instanceof RunFailedError) && error.status < 500;
  process.exitCode = wrongInput ? EXIT.usage : EXIT.failed;
  printNote(`${problemText(problem)}\n`);
  if (trace && error instanceof Error) printNote(`${error.stack}\n`);
  if (json) printFailure(problem);
}

function printFailure(problem: Problem): void {
  const { runId } = problem;
  printJson({ status: 'failed', ...(runId === undefined ? {} : { runId }), problem });
}

/** A text of many lines without the control characters that data may hold: a terminal would obey them. */
export const printable = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, '\ufffd');

/** 1234567 → `1,234,567`. Without `Intl`, whose first format takes longer than a small clustering. */
export const count = (value: number): string => value.toFixed(0).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** 1234567 → `1.2M`. */
export const short = (value: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

/** Milliseconds as `0.42 s` or `3 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;
}
