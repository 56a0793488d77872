import { spawnSync } from 'node:child_process';
import type { BenchCase } from './bench-case.ts';
import { PythonWorker } from './python-worker.ts';

/** Peak resident memory that a call adds to a process which holds its data, MiB. */
export interface MemoryResult {
  readonly title: string;
  readonly oursMb: number;
  readonly peer: string;
  readonly peerMb: number;
}

/** Runs our side and the first peer of a case once, each in a fresh process. */
export async function measureMemory(bench: BenchCase): Promise<MemoryResult | undefined> {
  const peer = bench.peers.find((candidate) => 'job' in candidate);
  if (!peer || !('job' in peer)) return undefined;
  const child = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--expose-gc',
      new URL('memory-process.ts', import.meta.url).pathname,
      bench.title,
    ],
    { encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(child.stderr);
  const python = new PythonWorker();
  try {
    const { memoryMb = Number.NaN } = await python.run(peer.job);
    return { title: bench.title, oursMb: Number(child.stdout), peer: peer.name, peerMb: memoryMb };
  } finally {
    python.close();
  }
}
