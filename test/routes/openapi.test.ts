import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import { campaignRoutes } from '../../functions/routes/campaigns-table.ts';
import { experimentRoutes, trainingRoutes } from '../../functions/routes/experiments-table.ts';
import { OPENAPI_FILE, openapiText } from '../../functions/routes/openapi-file.ts';
import { config } from '../../infra/config.ts';
import { runOf } from '../adapters/run-store-contract.ts';
import { exampleCustomers, exampleLabels } from '../drilldown/example.ts';
import { plantedLeads, REFERENCE_AT } from '../segmentation/planted-leads.ts';
import { openApi } from './api-fixture.ts';

const PAIR = { customerApiId: [], customerApiSecret: [] };
type Operation = { readonly requestBody?: unknown; readonly responses: Readonly<Record<string, unknown>> };
const document = JSON.parse(openapiText());

/** Every object of a JSON value, depth first. */
function* objects(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const child of Object.values(value)) yield* objects(child);
}

describe('OpenAPI document', () => {
  it('is the committed file: `node functions/routes/openapi-file.ts` writes it', () => {
    expect(readFileSync(OPENAPI_FILE, 'utf8')).toBe(openapiText());
  });

  it('is what GET /openapi.json serves to anybody, to be kept for a while', async () => {
    const { statusCode, headers, json } = await openApi().call({ path: '/openapi.json', tenant: null });
    expect(statusCode).toBe(200);
    expect(json).toEqual(document);
    expect(headers['cache-control']).toBe('public, max-age=3600');
  });

  it('names every route of the table, and no other', () => {
    const described = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(allRoutes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('names what the stack deploys: the same routes, public where no scope is asked for', () => {
    const deployed = config.routes.filter(({ method }) => method !== 'ANY');
    const line = ({ method, path }: { method: string; path: string }, open: boolean) =>
      `${method} ${path} ${open ? 'public' : 'by key'}`;
    expect(deployed.map((route) => line(route, route.open ?? false)).sort()).toEqual(
      allRoutes.map((route) => line(route, route.scope === undefined)).sort(),
    );
  });

  it('asks for an API key exactly where the table asks for a scope', () => {
    for (const { method, path, scope, credentials } of allRoutes) {
      const { security } = document.paths[path][method.toLowerCase()];
      const needed = {
        apiKey: [{ apiKey: [] }],
        customerApi: [PAIR],
        either: [{ apiKey: [] }, PAIR, { bearer: [] }],
      };
      expect(security, path).toEqual(scope === undefined ? [] : needed[credentials ?? 'apiKey']);
    }
  });

  it('declares every path parameter of every path', () => {
    for (const { method, path } of allRoutes) {
      const { parameters = [] } = document.paths[path][method.toLowerCase()];
      const declared = parameters
        .filter((parameter: { in: string }) => parameter.in === 'path')
        .map((parameter: { name: string }) => parameter.name);
      expect(declared, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  it('gives operations distinct ids', () => {
    const ids = [...objects(document.paths)].flatMap(({ operationId }) => operationId ?? []);
    expect(new Set(ids).size).toBe(allRoutes.length);
  });

  it('resolves every reference', () => {
    for (const { $ref } of objects(document)) {
      if (typeof $ref !== 'string') continue;
      const target = $ref.slice(2).split('/');
      expect(
        target.reduce((node, part) => node?.[part], document),
        $ref,
      ).toBeDefined();
    }
  });

  it('shows an example of whatever is sent and answered, itself or one of its parts', () => {
    const parts = (at: unknown, seen = new Set<string>()): Set<string> => {
      for (const [, name] of JSON.stringify(at).matchAll(/#\/components\/schemas\/(\w+)/g)) {
        if (seen.has(name!)) continue;
        seen.add(name!);
        parts(document.components.schemas[name!], seen);
      }
      return seen;
    };
    const paths: Record<string, Record<string, Operation>> = document.paths;
    const without = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { requestBody, responses }]) =>
        Object.entries({ request: requestBody, ...responses })
          .filter(([of, at]) => at !== undefined && (of === 'request' || of.startsWith('2')))
          .filter(
            ([, at]) =>
              ![...parts(at)].some((name) =>
                /"examples":/.test(JSON.stringify(document.components.schemas[name])),
              ),
          )
          .map(([of]) => `${method} ${path} ${of}`),
      ),
    );
    expect(without).toEqual(['get /openapi.json 200']);
  });

  it('carries examples that fit their own schemas', () => {
    let examples = 0;
    for (const { body, answer, accepted, unavailable } of allRoutes) {
      for (const schema of [body, answer, accepted, unavailable]) {
        for (const example of (schema?.meta()?.examples as unknown[] | undefined) ?? []) {
          expect(schema?.safeParse(example).error).toBeUndefined();
          examples++;
        }
      }
    }
    expect(examples).toBeGreaterThan(5);
  });
});

describe('answers', () => {
  it('fit the schemas that the document shows', async () => {
    const { call, publish, ports } = openApi();
    await publish();
    const customers = exampleCustomers;
    await ports.objects.write('files/acme/orders/a.csv', new Uint8Array([1]));
    const calls: Record<string, { path?: string; body?: unknown }> = {
      'GET /health': {},
      'GET /health/live': {},
      'GET /health/ready': {},
      'GET /health/detailed': {},
      'GET /openapi.json': {},
      'POST /segment/manual': { body: { recency: 1, frequency: 2, monetary: 3 } },
      'POST /segment/customer': { body: { customer_id: 'C-1' } },
      'GET /v1/segments': {},
      'GET /v1/customers/{customerId}/segment': { path: '/v1/customers/C-1/segment' },
      'GET /v1/customers/{customerId}/explanation': { path: '/v1/customers/C-1/explanation' },
      'POST /v1/runs': { body: { dataset: 'orders', files: ['files/acme/orders/'] } },
      'GET /v1/runs': {},
      'GET /v1/runs/{runId}': { path: '/v1/runs/r1' },
      'POST /api/segmentation/cluster': {
        body: { leads: plantedLeads(120), max_data_age_months: null, reference_at: REFERENCE_AT },
      },
      'GET /api/segmentation/cluster': {},
      'POST /api/v1/ai/segment_subsegment_explore': { body: { customers, labels: exampleLabels } },
      'POST /api/v1/ai/purchasing_segmentation': { body: { customers } },
      'POST /api/v1/ai/purchasing_segmentation_dendrogram': { body: { customers } },
      'POST /api/v1/ai/segment_hierarchy_chart': { body: { customers } },
      'GET /api/v1/ai/segment_hierarchy_chart': {},
    };
    await ports.runs.claim(runOf('acme', 'r1'));
    // Routes that need whole runs: `leads-workflow.test.ts`, `preview.test.ts`, `rollback.test.ts`; those that need an upload:
    // `uploads.test.ts`, `drilldown-runs.test.ts`, `segment-drilldown.test.ts`; those about campaigns:
    // `campaign-answers.test.ts`; those that need an experiment: `experiment-fixture.ts`.
    const ends = 'quality|flow|labels|members|download|preview|segmentation|tree|list|outliers|update';
    const needsMore = new RegExp(`^/v1/(datasets|uploads|drilldowns|webhooks|segments/)|/(${ends})$`);
    const onRuns = allRoutes.filter(
      (route) =>
        !needsMore.test(route.path) &&
        ![...campaignRoutes, ...experimentRoutes, ...trainingRoutes].includes(route),
    );
    for (const { method, path, answer, status } of onRuns) {
      const request = calls[`${method} ${path}`];
      expect(request, `${method} ${path}`).toBeDefined();
      const { statusCode, json } = await call({ method, path, ...request });
      expect(statusCode, `${method} ${path}`).toBe(status);
      const strict = answer instanceof z.ZodObject && path !== '/openapi.json' ? answer.strict() : answer;
      expect(strict.safeParse(json).error, `${method} ${path}`).toBeUndefined();
    }
  });
});
