import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const TASKSET = '/usr/bin/taskset';

/** Cores that this process was started on, by number; none where `taskset` (util-linux) is missing. */
export const CORES: readonly number[] = existsSync(TASKSET) ? startedOn() : [];

/**
 * The core that both sides of a pair run on: of a shared machine one core may be much faster than the next, for minutes,
 * and a side that kept to the faster one would seem so much better.
 */
export const ONE_CORE: readonly number[] = CORES.slice(-1);

/** What goes before a command that is to run on that core. */
export const PINNED: readonly string[] = ONE_CORE.flatMap((core) => [TASKSET, '-c', String(core)]);

/** From now on the main thread, and the threads and processes it starts, run on these cores only; on any where none is named. */
export function runOn(cores: readonly number[]): void {
  if (cores.length === 0) return;
  const { status, stderr } = taskset(['-cp', cores.join(','), String(process.pid)]);
  if (status !== 0)
    throw new Error(`This process cannot be kept to the cores ${cores.join(', ')}: ${stderr}`);
}

/** As `taskset` lists them: "pid 7's current affinity list: 0,2-5". */
function startedOn(): number[] {
  const list = taskset(['-cp', String(process.pid)])
    .stdout.split(':')
    .at(-1)!
    .trim();
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

function taskset(args: readonly string[]) {
  return spawnSync(TASKSET, args, { encoding: 'utf8' });
}
