import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGzip, gzipSync } from 'node:zlib';
import { startStack } from '../cli/stack.ts';
import type { PurchasingCustomer } from '../functions/contracts/drilldown.ts';
import type { DrilldownState } from '../functions/contracts/drilldown-runs.ts';
import { Random } from '../functions/stats/random.ts';
import { exampleCustomers, exampleLabels } from '../test/drilldown/example.ts';

/**
 * `node bench/drilldown.ts [--customers N] [--parents P] [--write]`: the drill-down on the local stack, its functions
 * running as processes with the memory of their configuration. First the printed request of 40 customers, warm; then N customers
 * (60,000) of P parents (12) as an upload, end to end. --write puts the table into docs/drilldown.md.
 */
const { values: flags } = parseArgs({
  options: {
    customers: { type: 'string', default: '60000' },
    parents: { type: 'string', default: '12' },
    write: { type: 'boolean', default: false },
  },
});
const nCustomers = Number(flags.customers);
const nParents = Number(flags.parents);
const REQUESTS = 400;
const WARM_UP = 40;
const POLL_MS = 50;
const EXPLORE = '/api/v1/ai/segment_subsegment_explore';
const DOCUMENT = new URL('../docs/drilldown.md', import.meta.url);

// Before the first request: while millions of customers are made, idle connections would be closed.
const file = await buffer(Readable.from(lines()).pipe(createGzip()));

const data = mkdtempSync(join(tmpdir(), 'tessella-bench-'));
const stack = await startStack({ data, port: 0, tenant: 'default' }, (line) => console.log(line));
const rows: (readonly [what: string, figures: string])[] = [];
try {
  const headers = { 'X-Customer-Api-Id': stack.customerApi.id, 'X-Secret': stack.customerApi.secret };
  const call = (method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, more: object = {}) =>
    fetch(`${stack.cloud.apiUrl}${path}`, {
      method,
      headers: { ...headers, ...more },
      ...(body && { body }),
    });

  const request = JSON.stringify({ customers: exampleCustomers, labels: exampleLabels, target_cluster: 1 });
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + REQUESTS; n++) {
    const started = performance.now();
    const answer = await call('POST', EXPLORE, request);
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`The request was answered with ${answer.status}.`);
    if (n >= WARM_UP) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => `${times[Math.floor(share * times.length)]!.toFixed(1)} ms`;
  rows.push([
    `the printed 40 customers inline, warm, ${REQUESTS} requests`,
    `p50 ${at(0.5)}, p99 ${at(0.99)}`,
  ]);

  const whole = performance.now();
  const seconds = (from: number) => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const upload = (await (
    await call(
      'POST',
      '/v1/uploads',
      JSON.stringify({ bytes: file.length, contentType: 'application/x-ndjson' }),
    )
  ).json()) as {
    uploadId: string;
    complete: string;
    parts: { offset: number; bytes: number; url: string }[];
  };
  for (const { offset, bytes, url } of upload.parts) {
    const sent = await fetch(url, { method: 'PUT', body: file.subarray(offset, offset + bytes) });
    if (!sent.ok) throw new Error(`A part was answered with ${sent.status}.`);
  }
  await call('POST', upload.complete);
  rows.push([
    `upload of ${count(nCustomers)} customers, ${(file.length / 1e6).toFixed(1)} MB gzip`,
    seconds(whole),
  ]);

  const accepted = await call('POST', EXPLORE, JSON.stringify({ upload_id: upload.uploadId }));
  const location = accepted.headers.get('location') ?? '';
  let state = (await (await call('GET', location)).json()) as DrilldownState;
  while (state.status === 'queued' || state.status === 'running') {
    await sleep(POLL_MS);
    state = (await (await call('GET', location)).json()) as DrilldownState;
  }
  if (!state.result) throw new Error(JSON.stringify(state.problem));
  const result = await (await fetch(state.result.url)).text();
  for (const { step, durationMs, peakMemoryMb, items } of state.steps) {
    const workers = items.total > 1 ? `, ${items.total} workers` : '';
    rows.push([step, `${(durationMs / 1000).toFixed(1)} s, peak ${peakMemoryMb} MiB${workers}`]);
  }
  rows.push([
    `${count(nCustomers)} customers of ${nParents} parents from the first byte sent to the last received`,
    seconds(whole),
  ]);

  if (nCustomers <= 60_000) {
    const customers = [...madeUp(nCustomers)];
    const labels = Object.fromEntries(customers.map(({ id }, i) => [id, i % nParents]));
    const body = gzipSync(JSON.stringify({ customers, labels }));
    const started = performance.now();
    const answer = await call('POST', EXPLORE, body, { 'Content-Encoding': 'gzip' });
    const inline = await answer.text();
    rows.push([`the same inline, ${(body.length / 1e6).toFixed(1)} MB gzip`, seconds(started)]);
    if (inline !== result) throw new Error(`Inline and upload differ: ${inline.slice(0, 300)}`);
  }
} finally {
  await stack.close();
  rmSync(data, { recursive: true, force: true });
}

const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node.js ${process.versions.node}`;
const table = [
  `Printed by \`node bench/drilldown.ts --customers ${nCustomers} --parents ${nParents} --write\` (${machine}):`,
  '',
  '| what | figures |',
  '| --- | --- |',
  ...rows.map(([what, figures]) => `| ${what} | ${figures} |`),
].join('\n');
console.log(table);
if (flags.write) {
  const text = readFileSync(DOCUMENT, 'utf8');
  const block = /(<!-- measured -->\n)[\s\S]*?(\n<!-- end -->)/;
  if (!block.test(text)) throw new Error('docs/drilldown.md has no place for the measurements.');
  writeFileSync(
    DOCUMENT,
    text.replace(block, (_, from: string, to: string) => `${from}${table}${to}`),
  );
}

/** Customers of four kinds with up to five product types each, one at a time: millions do not fit into one string. */
function* madeUp(n: number): Generator<PurchasingCustomer> {
  const random = new Random(42);
  for (let i = 0; i < n; i++) {
    const spread = 0.5 + random.uniform();
    yield {
      id: `customer-${String(i).padStart(8, '0')}`,
      frequency: Math.round([2, 8, 20, 45][random.integer(4)]! * spread),
      amount_spent: Math.round([90, 400, 1500, 6000][random.integer(4)]! * spread * 100) / 100,
      product_types: Array.from({ length: 1 + random.integer(5) }, () => `type-${random.integer(40)}`),
    };
  }
}

/** The customers as JSON lines with their parents, a thousand in a piece. */
function* lines(): Generator<string> {
  let piece = '';
  let i = 0;
  for (const customer of madeUp(nCustomers)) {
    piece += `${JSON.stringify({ ...customer, label: i++ % nParents })}\n`;
    if (i % 1000 > 0 && i < nCustomers) continue;
    yield piece;
    piece = '';
  }
}

function count(value: number): string {
  return value.toLocaleString('en');
}
