import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { coldStart } from './cold.ts';
import { CORES, ONE_CORE, runOn } from './cores.ts';
import { denseAssignment } from './dense-assignment.ts';
import { densityLimit, HALF_OF_CUSTOMERS } from './density-limit.ts';
import { ingestion } from './ingestion.ts';
import { adversarialLimits, type LimitResult, wardLimit } from './limits.ts';
import { describeMachine } from './machine.ts';
import { measureMemory } from './memory.ts';
import { type CaseResult, runCase } from './pairs.ts';
import { PythonWorker } from './python-worker.ts';
import { type Results, report } from './report.ts';
import { twoThreads } from './threads.ts';

/**
 * `npm run bench -- [row…] [--quick] [--json]`: measures the named rows of the suite (all without a name), merges them
 * into `bench/results.json` and writes `bench/RESULTS.md`. --quick leaves out what takes minutes and writes nothing;
 * --json prints the results.
 */
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
});
/** Seconds per peer and case. */
const BUDGET = flags.quick ? 3 : 20;
const RESULTS_FILE = join(import.meta.dirname, 'results.json');

const chosen = (id: string) =>
  positionals.length === 0 || positionals.some((row) => id.split(' ')[0] === row);
const log = flags.json ? () => {} : (line: string) => console.log(line);

const known: Partial<Results> =
  !flags.quick && existsSync(RESULTS_FILE) ? JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) : {};
runOn(ONE_CORE);
const python = new PythonWorker();
const machine = await describeMachine((await python.run({ op: 'versions' })).outcome);
log(
  `${machine.cpu}: ${machine.multiplyAddPeak.toFixed(1)} GFLOP/s, ${machine.readBandwidth.toFixed(1)} GB/s (WASM)`,
);

const cases = new Map((known.cases ?? []).map((result) => [result.title, result]));
const memory = new Map((known.memory ?? []).map((result) => [result.title, result]));
for (const bench of CASES) {
  if (!chosen(bench.id) || (flags.quick && bench.slow)) continue;
  const result = await runCase(bench, python, BUDGET, machine);
  cases.set(result.title, result);
  log(line(result));
  if (bench.memory && !flags.quick) {
    const measured = await measureMemory(bench);
    if (measured) memory.set(measured.title, measured);
  }
}
python.close();

const limits = new Map((known.limits ?? []).map((limit) => [limit.title, limit]));
if (!flags.quick || positionals.length > 0) {
  const measured: LimitResult[] = [
    ...(chosen('D4') ? adversarialLimits() : []),
    ...(chosen('D2') ? densityLimit(cases.get(HALF_OF_CUSTOMERS)) : []),
    ...(chosen('W3') ? [wardLimit()] : []),
  ];
  for (const limit of measured) {
    limits.set(limit.title, limit);
    log(
      `${limit.id} ${limit.title}: ${limit.seconds.toFixed(3)} s, ${limit.kernelMb.toFixed(1)} MB (${limit.bound})`,
    );
  }
}
const whole = !flags.quick || positionals.length > 0;
const peak = whole && chosen('P1') ? denseAssignment(machine.multiplyAddPeak) : known.peak;
// Whole processes and threads have what cores there are.
runOn(CORES);
const cold = whole && chosen('C1') ? await coldStart() : [known.cold ?? []].flat();
const threads = whole && chosen('T1') ? await twoThreads() : known.threads;
for (const { title, ratio } of chosen('T1') ? (threads ?? []) : []) log(`T1 ${title}: ${ratio.toFixed(2)} ×`);
for (const { title, share } of chosen('P1') ? (peak ?? []) : []) {
  log(`P1 ${title}: ${(share * 100).toFixed(0)} % of the peak`);
}
for (const { title, seconds, ratio } of chosen('C1') ? cold : []) {
  log(`C1 ${title}: ${(seconds * 1000).toFixed(0)} ms, ${ratio.toFixed(1)} ×`);
}

const ingested = whole && chosen('I1') ? ingestion() : known.ingestion;
for (const { title, seconds, ratio, peakMb, peer } of chosen('I1') ? (ingested ?? []) : []) {
  const against = `${peer.name} ${ratio.toFixed(2)} ×, ${peer.peakMb.toFixed(0)} MiB`;
  log(`I1 ${title}: ${seconds.toFixed(2)} s, ${peakMb.toFixed(0)} MiB; ${against}`);
}

const order = new Map(CASES.map(({ title }, index) => [title, index]));
const results: Results = {
  machine,
  cases: [...cases.values()]
    .filter(({ title }) => order.has(title))
    .sort((a, b) => order.get(a.title)! - order.get(b.title)!),
  limits: [...limits.values()],
  memory: [...memory.values()],
  ...(cold.length > 0 && { cold }),
  ...(peak && { peak }),
  ...(threads && { threads }),
  ...(ingested && { ingestion: ingested }),
};
if (flags.json) console.log(JSON.stringify(results, null, 2));
if (!flags.quick) {
  writeFileSync(RESULTS_FILE, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(import.meta.dirname, 'RESULTS.md'), report(results));
}

function line({ id, title, seconds, gate, peers }: CaseResult): string {
  const against = peers.map((peer) =>
    peer.error === undefined
      ? `${peer.name} ${peer.ratio!.toFixed(1)} ×${peer.gate ? ` (${peer.gate})` : ''}`
      : `${peer.name}: ${peer.error}`,
  );
  return `${id} ${title}: ${(seconds * 1000).toFixed(2)} ms${gate ? ` (${gate})` : ''}; ${against.join('; ')}`;
}
