import { createLogUpdate } from 'log-update';
import { count, duration, short } from './terminal.ts';

/** What the view knows of one state of the workflow. */
export interface StateProgress {
  readonly state: string;
  readonly status: 'running' | 'done' | 'failed';
  /** Items of a map; a single task has one. */
  readonly done: number;
  readonly total: number;
  readonly rows: number;
  readonly elapsedMs: number;
}

const BAR = 20;
const MARK = { running: '·', done: '✔', failed: '✘' } as const;

/** One line per state: a bar for its items, rows handled and rows per second. */
export function progressLine({ state, status, done, total, rows, elapsedMs }: StateProgress): string {
  const filled = total > 0 ? Math.round((BAR * done) / total) : 0;
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  const rate =
    rows > 0 && elapsedMs > 0 ? `${count(rows)} rows, ${short((rows * 1000) / elapsedMs)} rows/s` : '';
  const items = total > 1 ? `${done}/${total}` : '';
  return `  ${MARK[status]} ${state.padEnd(15)} ${bar} ${items.padStart(7)}  ${duration(elapsedMs).padStart(9)}  ${rate}`.trimEnd();
}

/** Shows the states of a run as it goes: redrawn in place on a terminal, one line per finished state elsewhere. */
export interface ProgressView {
  show(states: readonly StateProgress[]): void;
  finish(states: readonly StateProgress[]): void;
}

/** A view on stderr; `quiet` shows nothing. */
export function progressView(quiet: boolean): ProgressView {
  if (quiet) return { show() {}, finish() {} };
  if (process.stderr.isTTY) {
    const update = createLogUpdate(process.stderr);
    const draw = (states: readonly StateProgress[]) => update(states.map(progressLine).join('\n'));
    return {
      show: draw,
      finish(states) {
        draw(states);
        update.done();
      },
    };
  }
  const printed = new Set<string>();
  const print = (states: readonly StateProgress[]) => {
    for (const state of states) {
      if (state.status === 'running' || printed.has(state.state)) continue;
      printed.add(state.state);
      process.stderr.write(`${progressLine(state)}\n`);
    }
  };
  return { show: print, finish: print };
}
