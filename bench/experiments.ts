import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANTED, POLICIES, simulate } from './experiment-simulation.ts';
import { regretSvg } from './regret-svg.ts';

/**
 * `node bench/experiments.ts`: plays 20 seeds of three policies to 20,000 visitors of three segments, prints regret and
 * coverage, and draws `docs/experiments.svg`.
 */
const SEEDS = 20;
const VISITORS = 20_000;
const STEP = 500;

const results = POLICIES.map((policy) => ({
  policy,
  runs: Array.from({ length: SEEDS }, (_, seed) => simulate(policy, seed + 1, VISITORS, STEP)),
}));

const share = PLANTED.map(
  ({ segment, share: of, rates }) => `${segment} (${of * 100}%): ${rates.join(', ')}`,
).join('; ');
console.log(`${SEEDS} seeds, ${VISITORS} visitors; planted rates: ${share}\n`);
console.log(
  '| policy | regret, mean | lowest | highest | intervals that hold the rate | fewest visitors of a variant |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const { policy, runs } of results) {
  const last = runs.map(({ regret }) => regret.at(-1)!).sort((a, b) => a - b);
  const mean = last.reduce((sum, value) => sum + value, 0) / last.length;
  const covered = runs.reduce((sum, run) => sum + run.covered, 0);
  const intervals = runs.reduce((sum, run) => sum + run.intervals, 0);
  const coverage = `${((100 * covered) / intervals).toFixed(1)}% of ${intervals}`;
  const fewest = Math.min(...runs.map((run) => run.fewest));
  console.log(
    `| ${policy} | ${mean.toFixed(0)} | ${last[0]!.toFixed(0)} | ${last.at(-1)!.toFixed(0)} | ${coverage} | ${fewest} |`,
  );
}

const lines = results.map(({ policy, runs }) => ({
  name: policy,
  points: Array.from({ length: VISITORS / STEP }, (_, i) => {
    const values = runs.map(({ regret }) => regret[i]!);
    return {
      x: (i + 1) * STEP,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: Math.min(...values),
      high: Math.max(...values),
    };
  }),
}));
writeFileSync(join(import.meta.dirname, '../docs/experiments.svg'), regretSvg(lines));
