import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InsightCollector } from '../functions/campaigns/insight-columns.ts';
import { CAMPAIGN_FEATURES, CLASSIFIER_COLUMNS } from '../functions/contracts/campaign-features.ts';
import { TARGET_METRICS } from '../functions/contracts/campaign-records.ts';
import { config } from '../infra/config.ts';
import { AWS_PRICES, costUsd, PRICES_AS_OF, PRICES_REGION } from './aws-prices.ts';
import { PINNED } from './cores.ts';
import { campaignId, daysBefore, madeUpDays, writeColumns } from './made-up-campaigns.ts';
import { median } from './pairs.ts';

/**
 * `node bench/campaigns.ts [--campaigns N] [--pairs P] [--write]`: 10,000 made-up campaigns of 90 days. First features, tiers,
 * anomalies and forecasts as numbers, against pandas and scikit-learn in fresh processes on one core, in alternation,
 * once both sides found the same. Then the jobs of the service for an account of these campaigns, with what DynamoDB
 * and Lambda would bill. --write puts the tables into docs/campaigns.md.
 */
const { values: flags } = parseArgs({
  options: {
    campaigns: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const [nCampaigns, nPairs] = [Number(flags.campaigns), Number(flags.pairs)];
const DAYS = 90;
/** How far two numbers may differ, relative to their size; none of the sums is longer than 10,000 values. */
const TOLERANCE = 1e-9;
/** How much worse our trees may do on held-out campaigns than scikit-learn's, which are others: both learn the same samples. */
const LOG_LOSS_RATIO = 1.02;
const DOCUMENT = new URL('../docs/campaigns.md', import.meta.url);
const STEPS = {
  features: 'features',
  tiers: 'tiers',
  anomalies: 'anomalies',
  forecasts: 'EMA forecasts',
} as const;
type Step = keyof typeof STEPS;

/** How often a job runs in a day. */
const RUNS_PER_DAY = {
  'daily-ml-pipeline': 1,
  'daily-classification': 1,
  'daily-recommendations': 1,
  'hourly-anomaly-detection': 24,
  'batch-predictions': 6,
  'daily-model-retraining': 1,
} as const;
/** What a request to DynamoDB is taken to last, and how many are under way at once: assumed, not measured. */
const REQUEST_SECONDS = 0.01;
const AT_ONCE = 8;

interface Run {
  readonly steps: Readonly<Record<Step | 'model', number>>;
  readonly peakMb: number;
  readonly nAnomalies: number;
  readonly nSamples: number;
  /** Of a model of the tiers on held-out campaigns. */
  readonly logLoss: number;
  readonly versions?: string;
}

interface JobRun {
  readonly job: keyof typeof RUNS_PER_DAY;
  readonly seconds: number;
  readonly made: number;
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

const folder = mkdtempSync(join(tmpdir(), 'tessella-campaigns-'));
try {
  const file = join(folder, 'columns');
  const range = daysBefore(DAYS);
  const collector = new InsightCollector(range);
  for (let n = 0; n < nCampaigns; n++) collector.add(campaignId(n), madeUpDays(n, range));
  writeColumns(file, collector.columns());
  const text = [...pairedTable(file), '', ...jobsTable(file)].join('\n');
  console.log(text);
  if (flags.write) writeBlock(text);
} finally {
  rmSync(folder, { recursive: true });
}

function pairedTable(file: string): string[] {
  const sides = {
    ours: [process.execPath, '--disable-warning=ExperimentalWarning', child('campaigns-process.ts'), file],
    theirs: ['/usr/bin/python3', child('peers/campaigns.py'), file],
  };
  const outputs = { ours: join(folder, 'ours'), theirs: join(folder, 'theirs') };
  const runs: { ours: Run[]; theirs: Run[] } = { ours: [], theirs: [] };
  for (let pair = 0; pair < nPairs; pair++) {
    // Every other pair begins with the other side.
    const order = pair % 2 === 0 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) runs[side].push(spawned<Run>([...sides[side], outputs[side]]));
    checkSame(outputs, { ours: runs.ours.at(-1)!, theirs: runs.theirs.at(-1)! });
  }
  const seconds = (all: readonly Run[], steps: readonly Step[]) =>
    median(all.map((run) => steps.reduce((sum, step) => sum + run.steps[step], 0)));
  const row = (what: string, steps: readonly Step[]) => {
    const [own, other] = [seconds(runs.ours, steps), seconds(runs.theirs, steps)];
    return `| ${what} | ${own.toFixed(3)} s | ${other.toFixed(3)} s | ${(other / own).toFixed(2)} |`;
  };
  const all = Object.keys(STEPS) as Step[];
  const [ours, theirs] = [runs.ours[0]!, runs.theirs[0]!];
  const peak = (side: readonly Run[]) => `${Math.round(median(side.map(({ peakMb }) => peakMb)))} MiB`;
  const trees = (side: readonly Run[]) => median(side.map(({ steps }) => steps.model));
  return [
    `Printed by \`node bench/campaigns.ts --write\` (${cpus()[0]?.model ?? 'unknown CPU'}, one core, Node.js ${process.versions.node}, ${theirs.versions}); medians of ${nPairs} pairs of fresh processes, seconds of the core, start and reading of the file apart.`,
    '',
    `| ${nCampaigns.toLocaleString('en')} campaigns × ${DAYS} days | tessella | pandas, scikit-learn | ratio |`,
    '| --- | ---: | ---: | ---: |',
    ...all.map((step) => row(STEPS[step], [step])),
    row('**in one run**', all),
    `| peak memory of the process | ${peak(runs.ours)} | ${peak(runs.theirs)} | |`,
    `| boosted trees of ${ours.nSamples.toLocaleString('en')} samples: fit and tell | ${trees(runs.ours).toFixed(2)} s | ${trees(runs.theirs).toFixed(2)} s | ${(trees(runs.theirs) / trees(runs.ours)).toFixed(2)} |`,
    '',
    `Before a time counts, all ${CAMPAIGN_FEATURES.length} features, ${CLASSIFIER_COLUMNS.length} inputs, probabilities and forecasts must be the same within ${TOLERANCE}, relative, every tier equal, and the ${ours.nAnomalies.toLocaleString('en')} anomalies of the last three days the same, type by type with their severities. The trees are other ones (exact splits against 255 bins); their log loss on held-out campaigns is ${ours.logLoss.toFixed(3)}, scikit-learn's ${theirs.logLoss.toFixed(3)}, and must not be over ${LOG_LOSS_RATIO} of it.`,
  ];
}

/** The equality gate. @throws Error where the sides found something else */
function checkSame(outputs: Record<'ours' | 'theirs', string>, runs: Record<'ours' | 'theirs', Run>): void {
  const [own, other] = [outputs.ours, outputs.theirs].map((output) => {
    const bytes = readFileSync(output);
    return new Float64Array(Uint8Array.from(bytes).buffer);
  }) as [Float64Array, Float64Array];
  const names = [...CAMPAIGN_FEATURES, ...CLASSIFIER_COLUMNS, 'tier', 'confidence'];
  const length = nCampaigns * (names.length + TARGET_METRICS.length * 7 * 3);
  if (own.length !== length || other.length !== length) {
    throw new Error(`Expected ${length} numbers of each side, found ${own.length} and ${other.length}.`);
  }
  own.forEach((value, at) => {
    const peer = other[at]!;
    if (Number.isNaN(value) && Number.isNaN(peer)) return;
    if (Math.abs(value - peer) <= TOLERANCE * Math.max(1, Math.abs(value))) return;
    const name = names[Math.floor(at / nCampaigns)] ?? 'forecast';
    throw new Error(`${name} of campaign ${at % nCampaigns} is ${value}, of the peer ${peer}.`);
  });
  const [found, told] = [outputs.ours, outputs.theirs].map((output) =>
    readFileSync(`${output}.anomalies`, 'utf8'),
  );
  if (found !== told) throw new Error('The sides found other anomalies.');
  if (runs.ours.logLoss > LOG_LOSS_RATIO * runs.theirs.logLoss) {
    throw new Error(
      `Our trees have a log loss of ${runs.ours.logLoss}, scikit-learn's ${runs.theirs.logLoss}.`,
    );
  }
}

function jobsTable(file: string): string[] {
  // Detection twice: the first finds all, the others of the day only look again.
  const names = Object.keys(RUNS_PER_DAY).flatMap((job) =>
    job === 'hourly-anomaly-detection' ? [job, job] : [job],
  );
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    child('campaign-jobs-process.ts'),
  ];
  const { jobs, peakMb } = spawned<{ jobs: JobRun[]; peakMb: number }>([...command, file, ...names]);
  const gigabytes = config.campaignJobs.memoryMb / 1024;
  const costs = (run: JobRun) => {
    const gbSeconds = gigabytes * (run.seconds + (run.requests * REQUEST_SECONDS) / AT_ONCE);
    const { writeUnits, readUnits } = run;
    const usd = costUsd({
      lambdaGbSecond: gbSeconds,
      lambdaRequest: 1,
      dynamodbWriteUnit: writeUnits,
      dynamodbReadUnit: readUnits,
    });
    return { gbSeconds, usd };
  };
  const seen = new Set<string>();
  let day = 0;
  const rows = jobs.map((run) => {
    const isAgain = seen.has(run.job);
    seen.add(run.job);
    const isBoth = run.job === 'hourly-anomaly-detection';
    const times = isBoth ? (isAgain ? RUNS_PER_DAY[run.job] - 1 : 1) : RUNS_PER_DAY[run.job];
    const { gbSeconds, usd } = costs(run);
    day += times * usd;
    const name = isBoth ? `${run.job}, ${isAgain ? 'nothing new' : 'all new'}` : run.job;
    return `| ${name} | ${run.seconds.toFixed(1)} s | ${count(run.writeUnits)} | ${count(run.readUnits)} | ${gbSeconds.toFixed(0)} | $${usd.toFixed(4)} | ${times} |`;
  });
  const { lambdaGbSecond, dynamodbWriteUnit, dynamodbReadUnit } = AWS_PRICES;
  return [
    `The jobs of one account of these campaigns, nothing stored before, through the service's own store into a table that counts request units (\`bench/metered-table.ts\`):`,
    '',
    '| job | core | write units | read units | GB-seconds | cost of a run | runs a day |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    `Together $${day.toFixed(2)} a day, $${((30 * day) / (nCampaigns / 1000)).toFixed(2)} a month for each thousand campaigns, at the list prices of ${PRICES_REGION} on ${PRICES_AS_OF} (\`bench/aws-prices.ts\`: $${lambdaGbSecond.usd} a GB-second, $${(dynamodbWriteUnit.usd * 1e6).toFixed(3)} a million write units, $${(dynamodbReadUnit.usd * 1e6).toFixed(3)} a million read units). Core seconds are this machine's, taken as those of a function of ${config.campaignJobs.memoryMb} MB, which has one core; to them comes waiting for DynamoDB, ${REQUEST_SECONDS * 1000} ms a request and ${AT_ONCE} at once, which is an assumption, and no signing or unpacking of requests. Peak memory ${Math.round(peakMb)} MiB, the table and the source in memory included.`,
  ];
}

function writeBlock(text: string): void {
  const document = readFileSync(DOCUMENT, 'utf8');
  const block = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!block.test(document)) throw new Error('docs/campaigns.md has no place for the measurements.');
  writeFileSync(
    DOCUMENT,
    document.replace(block, (_, from: string, to: string) => `${from}${text}\n${to}`),
  );
}

function child(name: string): string {
  return join(import.meta.dirname, name);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function spawned<T>(command: readonly string[]): T {
  const [program = '', ...args] = [...PINNED, ...command];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')} failed: run bench/peers/setup.sh.\n${stderr}`);
  return JSON.parse(stdout) as T;
}
