import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { PartialManifest } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { QualityReport } from '../../functions/contracts/quality.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { readJson } from '../../functions/json-objects.ts';
import { madeUpOrders, ordersCsv } from '../support/orders-csv.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { arrowRows } from '../support/table-run.ts';

/** Publishes order files and returns what the run tells of the rows it did not use. */
async function rejectedOf(files: Readonly<Record<string, Uint8Array | string>>, shards?: number) {
  const ports = memoryPorts();
  const keys: string[] = [];
  for (const [name, body] of Object.entries(files)) {
    const key = `files/acme/shop/${name}`;
    await ports.objects.write(key, typeof body === 'string' ? new TextEncoder().encode(body) : body);
    keys.push(key);
  }
  const request = runRequestSchema.parse({ files: keys, nClusters: 2, ...(shards && { shards }) });
  const trigger = { trigger: 'api', tenant: 'acme', dataset: 'shop', request } as const;
  const { plan, error } = await runWorkflow(ports, trigger);
  if (error) throw error;
  const run = plan!.run!;
  const bytes = await ports.objects.read(runKeys(run).artifact('rejected_rows.arrow'));
  return {
    rows: arrowRows(bytes),
    bytes: Buffer.from(bytes).toString('base64'),
    report: await readJson<QualityReport>(ports.objects, runKeys(run).artifact('quality_report.json')),
    manifest: await readJson<PartialManifest>(ports.objects, runKeys(run).partialManifest(0)),
    counts: (await ports.runs.get('acme', run.runId))!.rows!,
  };
}

const HEADER = 'InvoiceNo,Quantity,InvoiceDate,UnitPrice,CustomerID';
const order = (i: number, customer = `${100 + (i % 9)}`) =>
  `${1000 + i},${1 + (i % 5)},2024-01-${10 + (i % 20)},${1 + (i % 7)}.5,${customer}`;

describe('order lines that are not used', () => {
  const lines = madeUpOrders(60);
  const csv = ordersCsv(lines);

  it('are all there, as they stand in the file, with file, line and rule, at any shard count', async () => {
    const { rows, bytes, counts } = await rejectedOf({ 'orders.csv': csv });
    const texts = new TextDecoder().decode(csv).split(/\n(?=\d{6},|$)/);
    let line = 2;
    const expected = lines.flatMap(({ customer, quantity, cents }, i) => {
      const place = line;
      const row = texts[i + 1]!;
      line += row.split('\n').length;
      const rule =
        customer === ''
          ? 'missing_customer_id'
          : quantity <= 0
            ? 'quantity_not_positive'
            : cents <= 0 && 'unit_price_not_positive';
      return rule ? [{ file: 'orders.csv', place, rule, row }] : [];
    });
    expect(expected.length).toBeGreaterThan(50);
    expect(rows).toEqual(expected);
    expect(counts.rejected).toBe(expected.length);
    for (const shards of [3, 8]) expect((await rejectedOf({ 'orders.csv': csv }, shards)).bytes).toBe(bytes);
  });

  it('are shown in the quality report by their first rows, masked', async () => {
    const good = Array.from({ length: 30 }, (_, i) => order(i));
    const bad = [4, 5, 6, 7].map((i) => order(i, ''));
    const { report } = await rejectedOf({
      'a.csv': [HEADER, ...good, ''].join('\n'),
      'b.csv': [HEADER, ...good.slice(0, 8), ...bad, ''].join('\n'),
    });
    const example = (place: number) => ({ file: 'b.csv', place, masked: '9999,9,9999-99-99,9.9,' });
    expect(report.rejected).toEqual([
      { rule: 'missing_customer_id', count: 4, examples: [example(10), example(11), example(12)] },
    ]);
  });

  it('stand with the line of JSON Lines and the row of Parquet, in whatever shard', async () => {
    const objects = Array.from({ length: 90 }, (_, i) => {
      const [InvoiceNo, Quantity, InvoiceDate, UnitPrice, CustomerID] = order(i).split(',') as [
        string,
        string,
        string,
        string,
        string,
      ];
      const isReturn = i === 20 || i === 75;
      const quantity = isReturn ? -1 : Number(Quantity);
      return { InvoiceNo, Quantity: quantity, InvoiceDate, UnitPrice: Number(UnitPrice), CustomerID };
    });
    const names = Object.keys(objects[0]!) as (keyof (typeof objects)[0])[];
    const parquet = parquetWriteBuffer({
      columnData: names.map((name) => ({ name, data: objects.map((row) => row[name]) })),
      rowGroupSize: 30,
    });
    const json = objects.map((row) => JSON.stringify(row)).join('\n');
    for (const file of [{ 'o.jsonl': json }, { 'o.parquet': new Uint8Array(parquet) }]) {
      const { rows } = await rejectedOf(file, 3);
      expect(rows.map(({ place, rule, row }) => [place, rule, row])).toEqual(
        [20, 75].map((i) => {
          const { InvoiceNo, InvoiceDate, UnitPrice, CustomerID } = objects[i]!;
          const row = [CustomerID, InvoiceNo, InvoiceDate, -1, UnitPrice].join(',');
          return [i + 1, 'quantity_not_positive', row];
        }),
      );
    }
  });

  it('go to the store part by part where they are many, as in one big gzip file', async () => {
    const guests = 150_000;
    const rows = Array.from({ length: guests + 30 }, (_, i) => order(i, i < guests ? '' : undefined));
    const found = await rejectedOf({ 'orders.csv.gz': gzipSync([HEADER, ...rows].join('\n'), { level: 1 }) });
    expect(found.manifest.rejectedParts).toBeGreaterThan(1);
    expect(found.counts).toMatchObject({ read: guests + 30, used: 30, rejected: guests });
    expect(found.rows).toHaveLength(guests);
    expect(found.rows.at(-1)).toMatchObject({ place: guests + 1, row: rows[guests - 1] });
  });
});
