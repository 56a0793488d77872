import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { Model } from '../../functions/contracts/artifacts.ts';
import { SCOPES } from '../../functions/contracts/env.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { SegmentRecord } from '../../functions/contracts/records.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { RFM_COLUMNS } from '../../functions/features/rfm-features.ts';
import { createLogger } from '../../functions/observability.ts';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import type { HttpEvent, HttpResult } from '../../functions/routes/http-event.ts';
import { httpHandler } from '../../functions/routes/http-handler.ts';

const feature = (name: string) => ({
  name,
  unit: '1',
  source: name,
  steps: [{ step: 'value' } as const],
  transform: 'zscore' as const,
});

/** A model by hand: recency 10 ± 10, frequency 2 ± 1, monetary 100 ± 50; two centers. */
export const model: Model = {
  version: 1,
  recipe: {
    recipe: 'rfm',
    version: 2,
    referenceAt: '2026-01-01T00:00:00.000Z',
    nSamples: 5,
    columns: RFM_COLUMNS,
    features: [
      { ...feature('recency_days'), offset: 10, scale: 10, min: 0, max: 40 },
      { ...feature('frequency'), offset: 2, scale: 1, min: 1, max: 6 },
      { ...feature('monetary'), offset: 100, scale: 50, min: 5, max: 400 },
    ],
    leftOut: [],
  },
  algorithm: 'kmeans',
  nClusters: 2,
  seed: 42,
  centers: [
    [0, 0, 0],
    [3, 0, 4],
  ],
  sizes: [3, 2],
  scores: { inertia: 1, silhouette: 0.5, daviesBouldin: 0.4, iterations: 3, restarts: 10 },
  importance: [1, 0, 0].map((share) => ({ explained: 0.5, share })),
};

/** Forty days before the reference. */
const LATEST_MS = Date.parse('2025-11-22T00:00:00.000Z');

const statistics = (mean: number) => ({ mean, median: mean + 1, min: mean - 1, max: mean + 2 });

export const segmentsOf = (tenant: string, dataset: string, run_id: string): SegmentRecord[] =>
  ['Regular customers', 'Big spenders'].map((name, segment_id) => ({
    tenant,
    dataset,
    run_id,
    segment_id,
    name,
    size: 3 - segment_id,
    share: (3 - segment_id) / 5,
    name_rule: 'by hand',
    statistics: {
      recency_days: statistics(10 + segment_id),
      frequency: statistics(20 + segment_id),
      monetary: statistics(30 + segment_id),
    },
    center: { recency_days: 10, frequency: 2, monetary: 100 },
  }));

/** One call of the API; the tenant's key carries all scopes unless told otherwise. */
export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly body?: unknown;
  /** Null sends no API key. */
  readonly tenant?: string | null;
  readonly scopes?: readonly string[];
  readonly event?: Partial<HttpEvent>;
}

/** The API over memory ports, with a log that tests can read. */
export function openApi(now = () => new Date('2026-02-03T04:05:06.000Z')) {
  const ports = memoryPorts({ now });
  const log: string[] = [];
  const handle = httpHandler({
    routes: allRoutes,
    ports: () => ports,
    log: createLogger({ level: 'debug', write: (line) => log.push(line) }),
  });

  const call = async ({ method = 'GET', path, query, body, tenant = 'acme', ...more }: Call) => {
    const { scopes = SCOPES, event = {} } = more;
    const result = await handle({
      rawPath: path,
      ...(query && { queryStringParameters: query }),
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      requestContext: {
        requestId: 'request-1',
        http: { method },
        ...(tenant !== null && {
          authorizer: { lambda: { tenant, keyId: `key-of-${tenant}`, scopes: scopes.join(' ') } },
        }),
      },
      ...event,
    });
    return { ...result, json: parsed(result) };
  };

  /** Publishes a run with our model and one labelled customer, C-1. */
  const publish = async (
    tenant = 'acme',
    dataset = 'orders',
    runId = 'r1',
    publishedAt = '2026-02-01T00:00:00.000Z',
  ) => {
    const request = runRequestSchema.parse({ files: [`files/${tenant}/${dataset}/a.csv`] });
    const run = { tenant, dataset, runId };
    const key = runKeys(run).artifact('model.json');
    await ports.objects.write(key, new TextEncoder().encode(JSON.stringify(model)));
    await ports.segments.putSegments(segmentsOf(tenant, dataset, runId));
    await ports.labels.putLabels(run, [
      {
        customerId: 'C-1',
        cluster: 1,
        features: { frequency: 2, monetary: 300 },
        latestMs: LATEST_MS,
      },
    ]);
    // Only what a dataset holds can be served. A failed run is one that any test may still claim for itself.
    await ports.runs.claim({
      ...run,
      status: 'failed',
      trigger: 'api',
      executionId: 'fixture',
      request,
      startedAt: publishedAt,
      turn: publishedAt,
    });
    await ports.runs.publish({
      tenant,
      dataset,
      currentRunId: runId,
      labelSources: [{ runId, segmentIds: [0, 1] }],
      formerRunIds: [],
      publishedAt,
      turn: publishedAt,
      request,
    });
  };

  return { ports, log, handle, call, publish };
}

/** Untyped on purpose: tests reach into answers of many shapes. */
const parsed = ({ body }: HttpResult) => (body === '' ? undefined : JSON.parse(body));
