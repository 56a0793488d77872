import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { dropFiles } from '../cli/drop.ts';
import { type LocalStack, startStack } from '../cli/stack.ts';
import { awsTables } from '../functions/adapters/aws-tables.ts';
import { dynamodbLabels } from '../functions/adapters/dynamodb-labels.ts';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { ENV } from '../functions/contracts/env.ts';
import { runRequestSchema } from '../functions/contracts/workflow.ts';
import type { LabelStore } from '../functions/ports.ts';
import { Random } from '../functions/stats/random.ts';
import { runWorkflow } from '../test/support/run-workflow.ts';
import { itemBytes, storedItems } from '../test/support/stored-sizes.ts';
import { costUsd, PRICES_AS_OF, PRICES_REGION } from './aws-prices.ts';

/**
 * `node bench/labels.ts [--customers N] [--reads N] [--write]`: first `GET /v1/customers/{id}/segment` on the warm local stack, one
 * request after the other and on eight connections. Then N customers (1,000,000) segmented twice in this process, the second
 * time with the values of one in twenty changed: what is written and saved, with the second run's labels written to the local
 * stack's table by the store that functions use. --write puts the table into docs/segmentation.md.
 */
const { values: flags } = parseArgs({
  options: {
    customers: { type: 'string', default: '1000000' },
    reads: { type: 'string', default: '1000' },
    write: { type: 'boolean', default: false },
  },
});
const nCustomers = Number(flags.customers);
const READS = Number(flags.reads);
const WARM_UP = 50;
const CONNECTIONS = 8;
const SERVED = 5_000;
const CHANGED = 20;
const WRITE_UNIT_BYTES = 1024;
const DOCUMENT = new URL('../docs/segmentation.md', import.meta.url);

type Row = readonly [what: string, figures: string];
const count = (value: number) => value.toLocaleString('en');

/** Customers of three kinds, far from each other; of every `CHANGED`-th one the values are others in the second version. */
function customersCsv(n: number, version: 1 | 2): string {
  const random = new Random(7);
  const pieces = ['id,spend,visits,country\n'];
  for (let i = 0; i < n; i++) {
    const isOther = version === 2 && i % CHANGED === 0;
    // Half of those who changed are of another kind now.
    const kind = (i + (isOther && i % (2 * CHANGED) === 0 ? 1 : 0)) % 3;
    const spend = [100, 1000, 100][kind]! + random.integer(40) + (isOther ? 1 : 0);
    const visits = [5, 50, 100][kind]! + random.integer(4);
    pieces.push(`customer-${i},${spend},${visits},${['BR', 'US', 'AR'][random.integer(3)]}\n`);
  }
  return pieces.join('');
}

/** Label reads over HTTP, warm. */
async function measureReads(stack: LocalStack): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tessella-bench-'));
  const file = join(folder, 'people.csv');
  writeFileSync(file, customersCsv(SERVED, 1));
  await dropFiles(stack, { tenant: 'default', dataset: 'people' }, [file], { recipe: 'table', nClusters: 3 });
  rmSync(folder, { recursive: true });
  const headers = { 'X-API-Key': stack.apiKey };
  const get = (path: string) => fetch(`${stack.cloud.apiUrl}${path}`, { headers });
  while ((await get('/v1/segments?dataset=people')).status !== 200) await sleep(200);

  const read = async (i: number) => {
    const started = performance.now();
    const answer = await get(`/v1/customers/customer-${(i * 7919) % SERVED}/segment?dataset=people`);
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`A label was answered with ${answer.status}.`);
    return performance.now() - started;
  };
  const measure = async (connections: number): Promise<Row> => {
    let next = 0;
    const times: number[] = [];
    const connection = async (n: number) => {
      for (let i = next++; i < n; i = next++) times.push(await read(i));
    };
    const all = (n: number) => Promise.all(Array.from({ length: connections }, () => connection(n)));
    await all(WARM_UP * connections);
    next = 0;
    times.length = 0;
    const started = performance.now();
    await all(READS);
    const perSecond = (1000 * READS) / (performance.now() - started);
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(1);
    return [
      `label reads over HTTP, ${connections === 1 ? 'one after the other' : `${connections} at once`}, ${count(READS)} of ${count(SERVED)} customers`,
      `${Math.round(perSecond)} a second; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
    ];
  };
  return [await measure(1), await measure(CONNECTIONS)];
}

/** Two publications of the same customers, of whom one in `CHANGED` has other values in the second. */
async function measurePublication(stack: LocalStack): Promise<Row[]> {
  const { cloud } = stack;
  const { accessKeyId, secretAccessKey } = cloud.adminCredentials;
  Object.assign(process.env, {
    AWS_REGION: cloud.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: cloud.endpoints.dynamodb,
  });
  const tableName = stack.output('LabelsTableName');
  const stored = dynamodbLabels(awsTables({ [ENV.labelsTable]: tableName })(ENV.labelsTable));
  const written = { labels: 0, ms: 0 };
  const memory = memoryPorts();
  const publish = async (version: 1 | 2, labels: LabelStore) => {
    const file = `files/default/crowd/customers-${version}.csv`;
    await memory.objects.write(file, new TextEncoder().encode(customersCsv(nCustomers, version)));
    const request = runRequestSchema.parse({ files: [file], recipe: 'table', nClusters: 3 });
    const trigger = { trigger: 'api' as const, tenant: 'default', dataset: 'crowd', request };
    const started = performance.now();
    const { plan, error } = await runWorkflow({ ...memory, labels }, trigger, { executionId: `v${version}` });
    if (error) throw error;
    const run = await memory.runs.get('default', plan!.run!.runId);
    return { ...run!.labelWrites!, seconds: (performance.now() - started) / 1000, runId: run!.runId };
  };
  const counted: LabelStore = {
    ...memory.labels,
    async putLabels(_, labels) {
      return [...labels].length;
    },
  };
  const first = await publish(1, counted);
  const second = await publish(2, {
    ...memory.labels,
    async putLabels(run, labels, expiresAt) {
      const started = performance.now();
      const n = await stored.putLabels(run, labels, expiresAt);
      written.ms += performance.now() - started;
      written.labels += n;
      return n;
    },
  });

  let bytes = 0;
  let units = 0;
  for await (const item of storedItems(cloud, tableName)) {
    if (item.sk?.S !== `RUN#${second.runId}`) continue;
    bytes += itemBytes(item);
    units += Math.ceil(itemBytes(item) / WRITE_UNIT_BYTES);
  }
  const usd = (n: number) => `${costUsd({ dynamodbWriteUnit: (units / written.labels) * n }).toFixed(3)} USD`;
  return [
    [
      `${count(nCustomers)} customers for the first time: labels written`,
      `${count(first.written)}; by write units ${usd(first.written)}`,
    ],
    [
      'the same with the values of 5 % changed: labels written, saved',
      `${count(second.written)} written, ${count(second.unchanged)} saved; ${usd(second.written)} of write units, ${usd(second.unchanged)} saved`,
    ],
    ['that run as a whole, all steps one after the other in one process', `${second.seconds.toFixed(1)} s`],
    [
      'of it writing the labels to the local stack’s table',
      `${(written.ms / 1000).toFixed(1)} s, ${Math.round(bytes / written.labels)} B an item`,
    ],
  ];
}

const data = mkdtempSync(join(tmpdir(), 'tessella-bench-'));
const stack = await startStack({ data, port: 0, tenant: 'default' }, (line) => console.log(line));
const rows: Row[] = [];
try {
  rows.push(...(await measureReads(stack)), ...(await measurePublication(stack)));
} finally {
  await stack.close();
  rmSync(data, { recursive: true, force: true });
}

const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node.js ${process.versions.node}`;
const text = [
  `Printed by \`node bench/labels.ts --customers ${nCustomers} --write\` (${machine}); prices of ${PRICES_REGION} as of ${PRICES_AS_OF}, \`bench/aws-prices.ts\`:`,
  '',
  '| what | figures |',
  '| --- | --- |',
  ...rows.map(([what, figures]) => `| ${what} | ${figures} |`),
].join('\n');
console.log(text);
if (flags.write) {
  const document = readFileSync(DOCUMENT, 'utf8');
  const block = /(<!-- labels measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!block.test(document)) throw new Error('docs/segmentation.md has no place for the measurements.');
  writeFileSync(
    DOCUMENT,
    document.replace(block, (_, from: string, to: string) => `${from}${text}\n${to}`),
  );
}
