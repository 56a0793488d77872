import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { main as compile } from 'assemblyscript/asc';
import { loadKernelsSync } from '../functions/kernels/instance.ts';
import { DATA_FOLDER } from './datasets.ts';
import { processorSeconds } from './processor-time.ts';
import type { Outcome } from './python-worker.ts';

/** What a set of measurements was taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly numericMode: string;
  /** Measured on one core through WASM, GFLOP/s. */
  readonly multiplyAddPeak: number;
  /** Measured on one core through WASM from 256 MiB, GB/s. */
  readonly readBandwidth: number;
  readonly peers: Outcome;
}

const ROUNDS = 20_000_000;
const FLOPS_PER_ROUND = 64;
const READ_BYTES = 256 * 2 ** 20;
const FIRST_ADDRESS = 65_536;

/** Measures the two limits of one core and names the software. */
export async function describeMachine(peers: Outcome): Promise<Machine> {
  const out = join(DATA_FOLDER, 'peak.wasm');
  const { error, stderr } = await compile([
    'wasm/peak.ts',
    ...['--outFile', out, '--runtime', 'stub', '--use', 'abort=', '-O3'],
    ...['--enable', 'simd', '--enable', 'threads', '--enable', 'relaxed-simd'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '4200', '--maximumMemory', '4200'],
  ]);
  if (error) throw new Error(`The peak loops do not compile:\n${stderr.toString()}`);
  const memory = new WebAssembly.Memory({ initial: 4200, maximum: 4200, shared: true });
  const module = new WebAssembly.Module(readFileSync(out));
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    multiply_add_f32(rounds: number, factor: number, addend: number): number;
    read_f32(address: number, bytes: number): number;
  };
  new Float32Array(memory.buffer).fill(1);
  const peak = best(() => kernels.multiply_add_f32(ROUNDS, 0.999, 0.001));
  const read = best(() => kernels.read_f32(FIRST_ADDRESS, READ_BYTES));
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    numericMode: loadKernelsSync().numericMode,
    multiplyAddPeak: (ROUNDS * FLOPS_PER_ROUND) / peak / 1e9,
    readBandwidth: READ_BYTES / read / 1e9,
    peers,
  };
}

/** Fastest of several calls, in seconds: a limit is what nothing slowed down. */
function best(call: () => number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 9; i++) {
    const started = processorSeconds();
    call();
    fastest = Math.min(fastest, processorSeconds() - started);
  }
  return fastest;
}
