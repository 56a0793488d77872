import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startStack } from '../cli/stack.ts';
import { itemBytes, storedItems, storedObjects } from '../test/support/stored-sizes.ts';

/**
 * `node bench/allocation.ts [--requests N] [--write]`: `POST …/allocate` on the warm local stack, for an experiment without
 * segments, one with manual and one with found segments, each alone and while another process allocates as fast as four
 * connections can; then eligibility; then what all of it takes in the table. --write puts the tables into docs/experiments.md.
 *
 * With `--load URL KEY` it is that other process.
 */
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requests: { type: 'string', default: '500' },
    write: { type: 'boolean', default: false },
    load: { type: 'boolean', default: false },
  },
});
const REQUESTS = Number(flags.requests);
const WARM_UP = 50;
const AT_ONCE = 4;
/** Enough for clusters, which need 1,000. */
const TRAINED_ON = 1200;
const DOCUMENT = new URL('../docs/experiments.md', import.meta.url);
const KINDS = [
  { source: 'instagram', device: 'mobile', country_code: 'BR' },
  { source: 'google', device: 'desktop', country_code: 'US' },
  { source: 'newsletter', device: 'tablet', country_code: 'DE' },
];
const MODES = {
  none: {},
  manual: { segmentation: { enabled: true, mode: 'manual', segment_by: ['source', 'device'] } },
  auto: { segmentation: { enabled: true, mode: 'auto', auto_clustering_enabled: true, n_clusters: 3 } },
};

interface Answer {
  readonly experiment_id: string;
  readonly segment_key: string;
  readonly is_trained: boolean;
}

/** The fields that this file reads of any answer. */
async function send(base: string, key: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${path} was answered with ${JSON.stringify(answer)}`);
  return answer;
}

const visit = (base: string, key: string, id: string, visitor: string, n: number) =>
  send(base, key, `/api/v1/experiments/${id}/allocate`, {
    user_identifier: visitor,
    context: KINDS[n % KINDS.length],
  });

/** Runs `work` for 0…n−1 on so many connections. */
async function inParallel(n: number, connections: number, work: (i: number) => Promise<unknown>) {
  let next = 0;
  const connection = async () => {
    for (let i = next++; i < n; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: connections }, connection));
}

const create = async (base: string, key: string, config: object): Promise<string> => {
  const variants = [{ name: 'Control' }, { name: 'Bold' }, { name: 'Calm' }];
  return (await send(base, key, '/api/v1/experiments', { name: 'Bench', variants, config })).experiment_id;
};

if (flags.load) {
  const [base = '', key = ''] = positionals;
  const id = await create(base, key, MODES.manual);
  process.stdout.write('ready\n');
  await inParallel(Number.MAX_SAFE_INTEGER, AT_ONCE, (i) => visit(base, key, id, `load ${i}`, i));
}

const data = mkdtempSync(join(tmpdir(), 'tessella-bench-'));
const operations = { reads: 0, writes: 0 };
let table = '';
const stack = await startStack({ data, port: 0, tenant: 'default' }, (line) => console.log(line), {
  onDatabase(operation, tables) {
    if (!tables.includes(table)) return;
    operations[/^(Get|Query|BatchGet)/.test(operation) ? 'reads' : 'writes']++;
  },
});
const { apiUrl } = stack.cloud;
table = stack.output('ExperimentsTableName');
const get = (path: string) => send(apiUrl, stack.apiKey, path);
const allocate = (id: string, visitor: string, n: number) => visit(apiUrl, stack.apiKey, id, visitor, n);

interface Row {
  readonly what: string;
  readonly times: readonly number[];
  readonly reads: number;
  readonly writes: number;
}

/** One request after the other, as a visitor waits for it. */
async function measure(what: string, work: (i: number) => Promise<unknown>): Promise<Row> {
  for (let i = 0; i < WARM_UP; i++) await work(-1 - i);
  const before = { ...operations };
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const started = performance.now();
    await work(i);
    times.push(performance.now() - started);
  }
  const { reads, writes } = operations;
  return {
    what,
    times: times.sort((a, b) => a - b),
    reads: (reads - before.reads) / REQUESTS,
    writes: (writes - before.writes) / REQUESTS,
  };
}

const rows: { alone: Row; loaded?: Row }[] = [];
let sizes = '';
try {
  const ids = Object.fromEntries(
    await Promise.all(
      Object.entries(MODES).map(async ([mode, config]) => [mode, await create(apiUrl, stack.apiKey, config)]),
    ),
  ) as Record<keyof typeof MODES, string>;
  await inParallel(TRAINED_ON, AT_ONCE, (i) => allocate(ids.auto, `crowd ${i}`, i));
  await send(apiUrl, stack.apiKey, `/api/v1/segmentation/${ids.auto}/clustering/train`, {});
  while (!(await get(`/api/v1/segmentation/${ids.auto}/clustering/status`)).is_trained) await sleep(200);
  // Instances look for newer clusters every thirty seconds.
  for (let n = 0; !(await allocate(ids.auto, `waiting ${n}`, n)).segment_key.startsWith('cluster_'); n++)
    await sleep(500);

  const cases = (Object.keys(MODES) as (keyof typeof MODES)[]).flatMap((mode) => [
    [
      `${mode}, new visitors`,
      (round: string) => (i: number) => allocate(ids[mode], `${round} ${i}`, Math.abs(i)),
    ] as const,
    [`${mode}, a known visitor`, () => () => allocate(ids[mode], 'known', 0)] as const,
  ]);
  for (const [what, work] of cases) rows.push({ alone: await measure(what, work('alone')) });
  rows.push({
    alone: await measure('eligibility', () => get(`/api/v1/segmentation/${ids.manual}/eligibility`)),
  });

  const script = fileURLToPath(import.meta.url);
  const load = spawn(process.execPath, [script, '--load', apiUrl, stack.apiKey], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(load.stdout, 'data');
  for (const [index, [what, work]] of cases.entries())
    rows[index] = { ...rows[index]!, loaded: await measure(what, work('loaded')) };
  load.kill('SIGKILL');
  await once(load, 'exit');
  sizes = await storage(ids.auto);
} finally {
  await stack.close();
  rmSync(data, { recursive: true, force: true });
}

/** Mean bytes of what the table and the bucket hold, by kind. */
async function storage(trained: string): Promise<string> {
  const sizes: Record<'assignment' | 'configuration' | 'segment' | 'added', number[]> = {
    assignment: [],
    configuration: [],
    segment: [],
    added: [],
  };
  for await (const item of storedItems(stack.cloud, table)) {
    const [pk, sk] = [item.pk?.S ?? '', item.sk?.S ?? ''];
    if (pk.includes('#A#')) {
      const { segment_key = { S: '' }, segment = { S: '' } } = item;
      sizes.assignment.push(itemBytes(item));
      sizes.added.push(itemBytes({ segment_key, segment }));
    } else if (sk === 'DEF') sizes.configuration.push(itemBytes(item));
    else if (sk.startsWith('N#')) sizes.segment.push(itemBytes(item));
  }
  const objects = await storedObjects(stack.cloud, stack.output('DataBucketName'), 'runs/');
  const models = objects.filter(({ key }) => key.includes(`/${trained}/`) && key.endsWith('/model.json'));
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const line = (what: string, bytes: number, n: number, budget: string) =>
    `| ${what} | ${Math.round(bytes)} B | ${Number(((bytes * n) / 1e6).toPrecision(2))} MB | ${budget} |`;
  return [
    '| stored | mean size | together | the source’s budget |',
    '| --- | --- | --- | --- |',
    line('configurations, 100', mean(sizes.configuration), 100, '< 1 MB'),
    line('segments in 8 items each, 500', mean(sizes.segment) * 8, 500, '< 5 MB'),
    line('assignments, 1,000,000', mean(sizes.assignment), 1e6, ''),
    line('of these: the segment', mean(sizes.added), 1e6, '+ 10 MB'),
    line('models, 10', mean(models.map(({ bytes }) => bytes)), 10, '< 50 MB'),
  ].join('\n');
}

const at = ({ times }: Row, share: number) => times[Math.floor(share * times.length)]!.toFixed(1);
const both = (row: Row | undefined) => (row ? `${at(row, 0.5)} / ${at(row, 0.99)}` : '');
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node.js ${process.versions.node}`;
const text = [
  `Printed by \`node bench/allocation.ts --write\` (${REQUESTS} requests one after the other; ${machine}):`,
  '',
  '| request | p50 / p99, ms | under load, ms | reads | writes |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(
    ({ alone, loaded }) =>
      `| ${alone.what} | ${both(alone)} | ${both(loaded)} | ${alone.reads.toFixed(2)} | ${alone.writes.toFixed(2)} |`,
  ),
  '',
  sizes,
].join('\n');
console.log(text);
if (flags.write) {
  const document = readFileSync(DOCUMENT, 'utf8');
  const block = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!block.test(document)) throw new Error('docs/experiments.md has no place for the measurements.');
  writeFileSync(
    DOCUMENT,
    document.replace(block, (_, from: string, to: string) => `${from}${text}\n${to}`),
  );
}
