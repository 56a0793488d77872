import type { ArrowColumns } from '../../functions/arrow/columns.ts';
import { encodeArrowFile } from '../../functions/arrow/ipc.ts';
import type { Candidate, OrderFile, PartialManifest, RunPlan } from '../../functions/contracts/artifacts.ts';
import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { FittedFeature, FittedRecipe } from '../../functions/contracts/recipe.ts';
import { REQUEST_DEFAULTS, type RunRef, runRequestSchema } from '../../functions/contracts/workflow.ts';
import { RFM_COLUMNS } from '../../functions/features/rfm-features.ts';
import { writeJson } from '../../functions/json-objects.ts';
import { createLogger } from '../../functions/observability.ts';
import type { Ports } from '../../functions/ports.ts';
import type { StepContext } from '../../functions/shell.ts';
import { Random } from '../../functions/stats/random.ts';

/** A customer of a made-up shop. */
export interface Customer {
  readonly id: string;
  readonly recency_days: number;
  readonly frequency: number;
  readonly monetary: number;
}

export const preparedRun: RunRef = { tenant: 'acme', dataset: 'orders', runId: 'r1' };

/** Three kinds of customers: regular ones, lapsed ones and a few that spend much. */
export function madeUpCustomers(n: number, seed = 1): Customer[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => {
    const kind = i % 20 === 0 ? 2 : i % 3 === 0 ? 1 : 0;
    const near = (middle: number) => middle * (0.9 + 0.2 * random.uniform());
    return {
      id: `c-${String(i).padStart(5, '0')}-é`,
      recency_days: Math.round(near([30, 300, 10][kind] ?? 0)),
      frequency: Math.round(near([4, 1, 40][kind] ?? 0)),
      monetary: Math.round(near([900, 300, 20_000][kind] ?? 0) * 100) / 100,
    };
  });
}

const REFERENCE_AT = '2024-01-01T00:00:00.000Z';

/** An instant from which so many days have passed. */
export const latestOf = (recencyDays: number) => Date.parse(REFERENCE_AT) - recencyDays * 86_400_000;

const FEATURES = ['recency_days', 'frequency', 'monetary'] as const;

function fitted(customers: readonly Customer[]): FittedFeature[] {
  return FEATURES.map((name) => {
    const values = customers.map((customer) => customer[name]);
    const offset = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - offset) ** 2, 0) / values.length;
    return {
      name,
      unit: name === 'recency_days' ? 'days' : 'none',
      source: name,
      steps: [{ step: 'value' }],
      transform: 'zscore',
      offset,
      scale: Math.sqrt(variance) || 1,
      min: values.reduce((a, b) => Math.min(a, b)),
      max: values.reduce((a, b) => Math.max(a, b)),
    };
  });
}

const ordersFile: OrderFile = {
  key: 'files/acme/orders/orders.csv',
  size: 1000,
  etag: 'e1',
  layout: {
    format: 'csv',
    compression: 'none',
    header: ['CustomerID', 'InvoiceNo', 'InvoiceDate', 'Quantity', 'UnitPrice'],
    encoding: 'utf-8',
    delimiter: ',',
    separatedByBlanks: false,
    firstRecord: 54,
    firstPlace: 2,
    sheet: null,
  },
  columns: {
    customerId: 'CustomerID',
    orderId: 'InvoiceNo',
    orderedAt: 'InvoiceDate',
    quantity: 'Quantity',
    unitPrice: 'UnitPrice',
  },
  formats: { quantity: '.', unitPrice: '.', orderedAt: 'ymd' },
};

/** Contiguous parts of unequal size; from three buckets on the second is empty. */
function split(customers: readonly Customer[], nBuckets: number): Customer[][] {
  const bounds = Array.from({ length: nBuckets + 1 }, (_, bucket) =>
    Math.round(customers.length * (bucket / nBuckets) ** 1.5),
  );
  if (nBuckets >= 3) bounds[1] = bounds[2] ?? 0;
  return Array.from({ length: nBuckets }, (_, bucket) => customers.slice(bounds[bucket], bounds[bucket + 1]));
}

/** Writes what the steps up to WriteFeatures leave behind, for customers in canonical order. */
export async function prepareRun(
  { objects, runs }: Pick<Ports, 'objects' | 'runs'>,
  customers: readonly Customer[],
  { nBuckets = 1, ks = [3], run = preparedRun }: { nBuckets?: number; ks?: number[]; run?: RunRef } = {},
): Promise<void> {
  const keys = runKeys(run);
  const request = runRequestSchema.parse({ files: ['files/acme/orders/orders.csv'] });
  const plan: RunPlan = {
    run,
    asked: request,
    request: { ...request, ...REQUEST_DEFAULTS },
    config: datasetConfigSchema.parse({}),
    kind: 'orders',
    recipe: 'rfm',
    files: [ordersFile],
    rowShards: Array.from({ length: nBuckets }, (_, shard) => ({ shard, file: 0, start: 0, end: null })),
    nBuckets,
    columns: RFM_COLUMNS,
    spec: { scaling: 'zscore', timeZone: 'UTC', specs: [], selection: undefined },
  };
  const recipe: FittedRecipe = {
    recipe: 'rfm',
    version: 2,
    referenceAt: REFERENCE_AT,
    nSamples: customers.length,
    columns: RFM_COLUMNS,
    features: fitted(customers),
    leftOut: [],
  };
  const candidates = ks.map(
    (nClusters, item): Candidate => ({ item, algorithm: 'kmeans', nClusters, seed: 42, nInit: 3 }),
  );
  await writeJson(objects, keys.plan, plan);
  await writeJson(objects, keys.recipe, recipe);
  await writeJson(objects, keys.candidates, candidates);
  for (const [bucket, part] of split(customers, nBuckets).entries()) {
    const customer_id = part.map(({ id }) => id);
    const raw = FEATURES.map((name) => Float64Array.from(part, (customer) => customer[name]));
    const scaled = recipe.features.map(({ offset, scale }, f) =>
      Float32Array.from(raw[f] ?? [], (value) => (value - offset) / scale),
    );
    const table = (columns: readonly (Float64Array | Float32Array)[], more: ArrowColumns = {}) =>
      encodeArrowFile({
        ...more,
        customer_id,
        ...Object.fromEntries(FEATURES.map((name, f) => [name, columns[f] ?? new Float64Array()])),
      });
    const latest_ms = Float64Array.from(part, ({ recency_days }) => latestOf(recency_days));
    await objects.write(keys.entities(bucket), table(raw, { latest_ms }));
    await objects.write(keys.features(bucket), table(scaled));
    const manifest: PartialManifest = {
      shard: bucket,
      rows: { read: 10, used: 7, rejected: 3, byRule: { missing_customer_id: 2, [`rule_${bucket % 2}`]: 1 } },
      firstLines: {},
      latestMs: 0,
      buckets: [],
      places: 10,
      rejectedParts: 0,
    };
    await writeJson(objects, keys.partialManifest(bucket), manifest);
  }
  await runs.claim({
    ...run,
    status: 'running',
    trigger: 'drop',
    executionId: 'execution-1',
    request,
    startedAt: '2024-05-06T00:00:00.000Z',
    turn: '2024-05-06T00:00:00.000Z',
  });
}

/** A context for calling a step directly: silent, its progress noted. */
export function quietContext(ports: Ports): StepContext & { readonly noted: number[] } {
  const noted: number[] = [];
  return {
    ports,
    executionId: 'execution-1',
    log: createLogger({ write: () => {} }),
    progress: (rows) => noted.push(rows),
    claimed: async () => {},
    noted,
  };
}
