import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Matrix } from '../../functions/arrow/matrix.ts';
import { assign } from '../../functions/clustering/assign.ts';
import { kmeans } from '../../functions/clustering/kmeans.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';

const FILE = new URL('../../../shared/data/online_retail/online_retail.csv.gz', import.meta.url);

/** Recency in days, frequency and monetary value of every customer, standardised; the plainest way. */
function standardisedRfm(): Matrix {
  const [, ...lines] = gunzipSync(readFileSync(FILE)).toString('utf8').trimEnd().split('\n');
  const orders = new Map<string, { latest: number; invoices: Set<string>; spent: number }>();
  let newest = 0;
  for (const line of lines) {
    const fields = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)!.map((field) => field.replace(/,$/, ''));
    const [invoice = '', , , quantity, date = '', price, customer = ''] = fields;
    if (customer.trim() === '' || invoice.startsWith('C') || Number(quantity) <= 0 || Number(price) <= 0)
      continue;
    const at = Date.parse(`${date.trim().replace(' ', 'T')}Z`);
    newest = Math.max(newest, at);
    const entry = orders.get(customer) ?? { latest: 0, invoices: new Set<string>(), spent: 0 };
    entry.latest = Math.max(entry.latest, at);
    entry.invoices.add(invoice);
    entry.spent += Number(quantity) * Number(price);
    orders.set(customer, entry);
  }
  const dayMs = 86_400_000;
  const rows = [...orders.values()].map(({ latest, invoices, spent }) => [
    Math.floor((newest + dayMs - latest) / dayMs),
    invoices.size,
    spent,
  ]);
  const values = new Float32Array(rows.length * 3);
  for (let j = 0; j < 3; j++) {
    const column = rows.map((row) => row[j]!);
    const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length);
    column.forEach((x, i) => {
      values[i * 3 + j] = (x - mean) / deviation;
    });
  }
  return { nSamples: rows.length, nFeatures: 3, values };
}

describe.skipIf(!existsSync(FILE))('kmeans on Online Retail', () => {
  it('reaches the best known inertia of the standardised RFM table with default restarts', () => {
    const data = standardisedRfm();
    expect(data.nSamples).toBe(4338);
    const kernels = loadKernelsSync();
    const fit = kmeans(kernels, data, { nClusters: 5, seed: 42 });
    expect(fit.inertia).toBeLessThanOrEqual(3118.2841);
    [3049, 1062, 213, 8, 6].forEach((size, c) => {
      expect(Math.abs(fit.sizes[c]! - size)).toBeLessThanOrEqual(3);
    });
    expect(assign(kernels, data, fit.centers, 5).labels).toEqual(fit.labels);
  });
});
