import { readFileSync, writeFileSync } from 'node:fs';
import { CASES } from './cases.ts';
import { dataset } from './datasets.ts';

/** Child of `memory.ts`: prints by how much one call raises the peak resident memory of this process, MiB. */
const bench = CASES.find(({ title }) => title === process.argv[2]);
if (!bench) throw new Error(`No case is called ${process.argv[2]}.`);
const set = dataset(bench.data);
bench.prepare?.(set);
const statusMb = (field: string) => {
  const kilobytes = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
};
// Loading the table needed more than holding it: what is not held any more is given back, and the peak starts anew (Linux).
if (!globalThis.gc) throw new Error('Run with --expose-gc, as bench/memory.ts does.');
globalThis.gc();
writeFileSync('/proc/self/clear_refs', '5');
const before = statusMb('VmRSS');
bench.ours(set);
console.log((statusMb('VmHWM') - before).toFixed(1));
