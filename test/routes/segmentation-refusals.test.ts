import { beforeAll, describe, expect, it } from 'vitest';
import { BODY_BYTES } from '../../functions/routes/read-body.ts';
import type { Route } from '../../functions/routes/route.ts';
import type { Call } from './api-fixture.ts';
import { nameOf, segmentationEndpoints, soundRequests } from './segmentation-endpoints.ts';
import { segmentedLeads } from './segmented-leads.ts';

let api: Awaited<ReturnType<typeof segmentedLeads>>;
beforeAll(async () => {
  api = await segmentedLeads();
  await api.again(4);
  await api.call({ method: 'PUT', path: '/v1/webhooks/crm', body: { url: 'https://crm.example.com/hook' } });
  await api.ports.webhooks.putDelivery(delivery);
}, 60_000);

const delivery = {
  tenant: 'acme',
  webhookId: 'crm',
  messageId: 'msg_1',
  occurredAt: '2026-02-01T00:00:00.000Z',
  status: 'failed' as const,
  attempts: 8,
  payload: '{}',
  lastAttemptAt: '2026-02-01T00:00:00.000Z',
  lastStatus: 503,
  lastError: 'answered 503',
  expiresAt: 2_000_000_000,
};

/** The sound request of a route, changed. */
function request(route: Route, change: Partial<Call> = {}): Call {
  const { path = route.path, ...sound } = soundRequests[nameOf(route)]!;
  return { method: route.method, path: path.replace('{runId}', api.runId), ...sound, ...change };
}

const named = (routes: readonly Route[]) => routes.map((route) => [nameOf(route), route] as const);
const fieldsOf = (schema: Route['query']) => Object.keys(schema?.shape ?? {});
const withQuery = (field: string) => segmentationEndpoints.filter((r) => fieldsOf(r.query).includes(field));
const withBody = segmentationEndpoints.filter(({ body }) => body !== undefined);
const withPathId = segmentationEndpoints.filter(({ path }) => path.includes('{'));

/** Asks, and expects a problem of this status that says what to do and where the mistake is. */
async function refused(call: Call, status: number, pointer?: string) {
  const { statusCode, json, headers } = await api.call(call);
  expect([statusCode, json?.detail], json?.detail).toEqual([status, expect.stringMatching(/\S{2,} .*\./s)]);
  expect(headers['content-type']).toBe('application/problem+json');
  if (pointer !== undefined) {
    expect(json.errors?.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  }
  return json;
}

describe('every endpoint of segmentation', () => {
  it('is in the table of these tests', () => {
    expect(Object.keys(soundRequests).sort()).toEqual(segmentationEndpoints.map(nameOf).sort());
  });

  it.each(named(segmentationEndpoints.filter(({ method }) => method !== 'DELETE')))(
    '%s answers what the document shows, and nothing else',
    async (_, route) => {
      const { statusCode, json } = await api.call(request(route));
      expect([statusCode, json.detail]).toEqual([route.status, undefined]);
      // Parsing drops fields that the schema does not name, at any depth.
      expect(route.answer.parse(json)).toEqual(json);
    },
  );

  it.each(named(segmentationEndpoints))('%s fails without a key, and without its scope', async (_, route) => {
    await refused(request(route, { tenant: null }), 401);
    await refused(request(route, { scopes: ['none:read'] }), 403);
  });
});

describe('what is not there', () => {
  it.each(named(withQuery('dataset')))('%s fails for an unknown or malformed dataset', async (_, route) => {
    await refused(request(route, { query: { dataset: 'nothing' } }), 404);
    await refused(request(route, { query: { dataset: 'No Such' } }), 400, '/dataset');
    await refused(request(route, { query: { dataset: '__proto__' } }), 400, '/dataset');
  });

  it.each([
    ['POST /api/segmentation/cluster', { dataset: 'nothing' }],
    ['PUT /api/segmentation/update', { dataset: 'nothing', cluster_id: 0, bid_recommendations: [] }],
    ['PUT /api/segmentation/update', { run_id: 'r-none', cluster_id: 0, bid_recommendations: [] }],
    ['PUT /api/segmentation/update', { cluster_id: 99, bid_recommendations: [] }],
    ['POST /v1/segments/preview', { dataset: 'nothing', records: [{}] }],
    ['POST /v1/datasets/{dataset}/rollback', { runId: 'r-none' }],
  ])('%s fails for %j', async (name, body) => {
    const route = segmentationEndpoints.find((one) => nameOf(one) === name)!;
    await refused(request(route, { body }), 404);
  });

  const makes = ['PUT /v1/datasets/{dataset}', 'PUT /v1/webhooks/{webhookId}'];
  const finds = withPathId.filter((route) => !makes.includes(nameOf(route)));
  it.each(named(finds.filter((route) => !route.path.endsWith('/inference'))))(
    '%s fails for what nobody has, and no otherwise for what another tenant has',
    async (_, route) => {
      const sound = request(route);
      const id = sound.path.split('/')[3]!;
      const unknown = id === '0' ? '99' : 'nobodys';
      const nobodys = await refused({ ...sound, path: sound.path.replace(id, unknown) }, 404);
      const theirs = await refused({ ...sound, tenant: 'rival' }, 404);
      if (id !== '0') {
        const own = await refused({ ...sound, tenant: 'rival', path: sound.path.replace(id, unknown) }, 404);
        expect(JSON.stringify(theirs).replaceAll(id, unknown)).toBe(JSON.stringify(own));
      }
      expect(JSON.stringify(nobodys)).not.toContain('rival');
    },
  );

  it.each(named(segmentationEndpoints.filter((route) => !withPathId.includes(route))))(
    '%s shows another tenant nothing',
    async (name, route) => {
      const { statusCode, json } = await api.call(request(route, { tenant: 'rival' }));
      const own = ['POST /api/segmentation/cluster', 'GET /v1/runs', 'GET /v1/datasets', 'GET /v1/webhooks'];
      const status = own.includes(name) ? 200 : name === 'POST /v1/runs' ? 403 : 404;
      expect(statusCode).toBe(status);
      if (name.startsWith('GET') && status === 200) expect(Object.values(json)).toEqual([[]]);
    },
  );

  it('POST /v1/datasets/{dataset}/inference fails for another tenant’s files', async () => {
    const route = segmentationEndpoints.find(({ path }) => path.endsWith('/inference'))!;
    await refused(request(route, { tenant: 'rival' }), 403);
  });
});

describe('lists', () => {
  it.each(named(withQuery('limit')))('%s fails for limits 0, −1, 10⁶ and words', async (_, route) => {
    for (const limit of ['0', '-1', '1000000', '1e1', '1.5', 'ten', '']) {
      await refused(request(route, { query: { limit } }), 400, '/limit');
    }
  });

  it.each(named(withQuery('cursor')))('%s fails for a malformed or foreign cursor', async (name, route) => {
    const other = name === 'GET /v1/runs' ? '/v1/segments' : '/v1/runs';
    const foreign = (await api.call({ path: other, query: { limit: '1' } })).json.cursor;
    expect(foreign).toEqual(expect.any(String));
    for (const cursor of ['x', '', 'WzFd.aaaaaaaaaaaaaaaaaaaaaa', `${foreign}x`, foreign, '🙂', '../..']) {
      expect((await refused(request(route, { query: { cursor } }), 400)).reason).toBe('invalid_cursor');
    }
    await refused(request(route, { query: { cursor: 'x'.repeat(2000) } }), 400, '/cursor');
  });
});

describe('queries', () => {
  /** A label of the caller's, which may be any text. */
  const FREE = ['vertical', 'client_vertical', 'cursor'];
  const fields = segmentationEndpoints.flatMap((route) =>
    fieldsOf(route.query)
      .filter((field) => !FREE.includes(field))
      .map((field) => [nameOf(route), field, route] as const),
  );
  it.each(fields)('%s fails for a %s that is none', async (_, field, route) => {
    for (const value of ['?', 'NaN', '[object Object]']) {
      await refused(request(route, { query: { [field]: value } }), 400, `/${field}`);
    }
  });

  it.each(named(segmentationEndpoints.filter(({ query }) => query)))(
    '%s fails for a parameter that does not exist',
    async (_, route) => {
      await refused(request(route, { query: { karma: '1' } }), 400, '/karma');
    },
  );
});

describe('bodies', () => {
  const fields = withBody.flatMap((route) =>
    fieldsOf(route.body).map((field) => [nameOf(route), field, route] as const),
  );
  it.each(fields)('%s fails for a %s of the wrong type', async (_, field, route) => {
    const body = { ...(request(route).body as object), [field]: [[0]] };
    const { errors } = await refused(request(route, { body }), 400);
    const pointers = errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(
      pointers.some((pointer: string) => pointer.startsWith(`/${field}`)),
      pointers,
    ).toBe(true);
  });

  it.each(named(withBody))('%s fails for a body that is no object of its fields', async (_, route) => {
    for (const body of ['[]', '7', '"text"', 'null', '{"half":', '{"a":NaN}']) {
      await refused(request(route, { body }), 400);
    }
    const unknown = { ...(request(route).body as object), karma: 1 };
    await refused(request(route, { body: unknown }), 400, '/karma');
  });

  it.each(named(withBody))(
    '%s fails with 413 past its limit, naming it and the upload path',
    async (_, route) => {
      const limitBytes = route.bodyBytes ?? BODY_BYTES;
      const json = await refused(request(route, { body: `{"a":"${'x'.repeat(limitBytes)}"}` }), 413);
      expect(json).toMatchObject({ reason: 'body_too_large', limitBytes });
      expect(json.detail).toContain(String(limitBytes));
      expect(json.detail).toContain('drop/{tenant}/{dataset}/');
    },
  );
});

describe('clusters and features', () => {
  const clusterings = [
    ['POST /api/segmentation/cluster', (more: object) => more, ''],
    ['POST /v1/segments/preview', (more: object) => ({ records: undefined, recluster: more }), '/recluster'],
  ] as const;

  it.each(clusterings)('%s fails for 2 and 11 clusters, and words', async (name, change, at) => {
    const route = segmentationEndpoints.find((one) => nameOf(one) === name)!;
    for (const n_clusters of [2, 11, 0, -1, 1_000_000, 3.5, '5', null]) {
      const body = { ...(request(route).body as object), ...change({ n_clusters }) };
      await refused(request(route, { body }), 400, `${at}/n_clusters`);
    }
  });

  it('GET /api/segmentation/cluster fails for 2 and 11 clusters', async () => {
    for (const n_clusters of ['2', '11', '0', '-1', '1000000', '3.5', 'many']) {
      await refused({ path: '/api/segmentation/cluster', query: { n_clusters } }, 400, '/n_clusters');
    }
  });

  it.each(clusterings)(
    '%s fails for features that do not exist, naming those that do',
    async (name, change) => {
      const route = segmentationEndpoints.find((one) => nameOf(one) === name)!;
      for (const features of [['karma'], ['behavior_score', 'constructor']]) {
        const body = { ...(request(route).body as object), ...change({ features }) };
        const json = await refused(request(route, { body }), 400);
        expect(json.reason).toBe('unknown_feature');
        expect(json.detail).toContain(features.at(-1));
        expect(json.detail).toContain('engagement_score');
      }
    },
  );

  it('POST /v1/datasets/{dataset}/score fails for a column that is missing, naming it and those that were given', async () => {
    const route = segmentationEndpoints.find(({ path }) => path.endsWith('/score'))!;
    const body = { record: { behavior_score: 71, state: null } };
    const { detail } = await refused(request(route, { body }), 400);
    expect(detail).toMatch(/needs the column \w+; found behavior_score\. Give/);
  });
});
