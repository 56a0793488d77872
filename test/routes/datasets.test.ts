import { describe, expect, it } from 'vitest';
import { openApi } from './api-fixture.ts';

const path = '/v1/datasets/leads';
const config = { kind: 'leads', idColumn: 'lead_id', timeColumn: 'created_at' };

describe('the configuration of a dataset', () => {
  const put = (body: unknown, query: Record<string, string> = {}) => ({ method: 'PUT', path, body, query });

  it('is saved, read with its defaults, and listed', async () => {
    const { call } = openApi();
    const saved = await call(put(config));
    expect(saved.statusCode).toBe(200);
    expect(saved.json).toMatchObject({ dataset: 'leads', version: 1, savedAt: '2026-02-03T04:05:06.000Z' });
    const { json } = await call({ path });
    expect(json).toEqual({ ...saved.json, config: { ...config, timeZone: 'UTC', locale: 'en' } });
    expect((await call({ path: '/v1/datasets' })).json.datasets).toEqual([
      { dataset: 'leads', version: 1, kind: 'leads', savedAt: '2026-02-03T04:05:06.000Z' },
    ]);
  });

  it('gets a version with each change, none for the same again, and shows those of old', async () => {
    const { call } = openApi();
    await call(put(config));
    expect((await call(put({ ...config, timeZone: 'UTC' }))).json.version).toBe(1);
    expect((await call(put({ ...config, minDataPoints: 50 }))).json.version).toBe(2);
    expect((await call({ path, query: { version: '1' } })).json.config).not.toHaveProperty('minDataPoints');
    expect((await call({ path })).json.config.minDataPoints).toBe(50);
    expect((await call({ path, query: { version: '3' } })).statusCode).toBe(404);
  });

  it('fails to be changed from another version than the caller has seen', async () => {
    const { call } = openApi();
    expect((await call(put(config, { expectedVersion: '1' }))).statusCode).toBe(409);
    expect((await call(put(config, { expectedVersion: '0' }))).json.version).toBe(1);
    const conflict = await call(put({}, { expectedVersion: '0' }));
    expect(conflict.statusCode).toBe(409);
    expect(conflict.json).toMatchObject({
      reason: 'version_conflict',
      expectedVersion: 0,
      currentVersion: 1,
    });
    const deleted = await call({ method: 'DELETE', path, query: { expectedVersion: '7' } });
    expect(deleted.statusCode).toBe(409);
    expect((await call({ path })).json.config).toMatchObject(config);
  });

  it('is deleted, and counts on when it is made again', async () => {
    const { call } = openApi();
    await call(put(config));
    expect((await call({ method: 'DELETE', path })).json).toMatchObject({ version: 2, config: null });
    expect((await call({ path })).statusCode).toBe(404);
    expect((await call({ method: 'DELETE', path })).statusCode).toBe(404);
    expect((await call({ path: '/v1/datasets' })).json.datasets).toEqual([]);
    expect((await call(put(config, { expectedVersion: '0' }))).json.version).toBe(3);
    expect((await call({ path, query: { version: '1' } })).json.config).toMatchObject(config);
  });

  it('lets one of two writers win who have seen the same version', async () => {
    const { call } = openApi();
    await call(put(config));
    const answers = await Promise.all(
      [60, 70].map((minDataPoints) => call(put({ ...config, minDataPoints }, { expectedVersion: '1' }))),
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
  });

  it('fails with a pointer to every field that is wrong', async () => {
    const { call } = openApi();
    const { statusCode, json } = await call(
      put({
        kind: 'cats',
        timeZone: 'Mars/Olympus',
        columns: { 'a/b': { type: 'float' } },
        features: [{ kind: 'ordinal', column: 'ltv', order: ['one'] }],
        schedule: { cron: '61 * * * *' },
        nClusters: 1,
        colour: 'blue',
      }),
    );
    expect(statusCode).toBe(400);
    expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/colour',
      '/columns/a~1b/type',
      '/features/0/order',
      '/kind',
      '/nClusters',
      '/schedule/cron',
      '/timeZone',
    ]);
  });

  it.each([
    ['a list', '[]'],
    ['a text', '"leads"'],
    ['no JSON', '{'],
  ])('fails for %s as its body', async (_, body) => {
    expect((await openApi().call(put(body))).statusCode).toBe(400);
  });

  it('fails when it is larger than a table item may be', async () => {
    const columns = Object.fromEntries(
      Array.from({ length: 6000 }, (_, i) => [`column_with_a_rather_long_name_${i}`, { type: 'number' }]),
    );
    const { statusCode, json } = await openApi().call(put({ columns }));
    expect([statusCode, json.reason]).toEqual([413, 'config_too_large']);
  });

  it('fails for a name that no dataset can have', async () => {
    const { statusCode } = await openApi().call({ path: '/v1/datasets/No%20Name' });
    expect(statusCode).toBe(400);
  });

  it('is nobody else’s: another tenant finds, changes and deletes nothing', async () => {
    const { call } = openApi();
    await call(put(config));
    const rival = { tenant: 'rival' };
    expect((await call({ path, ...rival })).statusCode).toBe(404);
    expect((await call({ path, query: { version: '1' }, ...rival })).statusCode).toBe(404);
    expect((await call({ method: 'DELETE', path, ...rival })).statusCode).toBe(404);
    expect((await call({ path: '/v1/datasets', ...rival })).json.datasets).toEqual([]);
    expect((await call({ ...put({ kind: 'customers' }), ...rival })).json.version).toBe(1);
    expect((await call({ path })).json).toMatchObject({ version: 1, config });
  });

  it('fails without the scope that the route needs', async () => {
    const { call } = openApi();
    const scopes = ['segments:read', 'runs:read', 'runs:write', 'datasets:read'];
    expect((await call({ ...put(config), scopes })).json).toMatchObject({
      status: 403,
      scope: 'datasets:write',
    });
    expect((await call({ path, scopes: ['runs:read'] })).json.scope).toBe('datasets:read');
  });
});

describe('datasets', () => {
  it('are paged by name, those that serve a run without a configuration among them', async () => {
    const { call, publish } = openApi();
    await publish('acme', 'orders');
    for (const name of ['visits', 'leads']) {
      await call({ method: 'PUT', path: `/v1/datasets/${name}`, body: {} });
    }
    const first = (await call({ path: '/v1/datasets', query: { limit: '2' } })).json;
    expect(first.datasets.map((one: { dataset: string }) => one.dataset)).toEqual(['leads', 'orders']);
    expect(first.datasets[1]).toEqual({
      dataset: 'orders',
      version: 0,
      current: { runId: 'r1', publishedAt: '2026-02-01T00:00:00.000Z' },
    });
    const { json } = await call({ path: '/v1/datasets', query: { limit: '2', cursor: first.cursor } });
    expect(json).toEqual({ datasets: [expect.objectContaining({ dataset: 'visits', version: 1 })] });
  });
});

describe('inference', () => {
  const csv = ['lead_id,created_at,country,score,email']
    .concat(
      Array.from(
        { length: 40 },
        (_, i) =>
          `L${i},2026-01-${String(1 + (i % 28)).padStart(2, '0')},${['BR', 'US'][i % 2]},${i % 7},x${i}@a.example`,
      ),
    )
    .join('\n');
  const inference = { method: 'POST', path: `${path}/inference` };

  it('tells what files hold, and saves it so that it decides the same again', async () => {
    const { call, ports } = openApi();
    await ports.objects.write('files/acme/leads/a.csv', new TextEncoder().encode(csv));
    const body = { files: ['files/acme/leads/'] };
    const shown = await call({ ...inference, body });
    expect(shown.statusCode).toBe(200);
    expect(shown.json.version).toBe(0);
    const { config: found, ignored } = shown.json.inferred;
    expect(found).toMatchObject({ idColumn: 'lead_id', timeColumn: 'created_at' });
    expect(found.columns).toMatchObject({ country: { type: 'category' }, score: { type: 'number' } });
    expect(ignored.map(({ name }: { name: string }) => name)).toContain('email');
    expect(shown.body).not.toContain('a.example');
    expect((await call({ path })).statusCode).toBe(404);

    const saved = await call({ ...inference, body: { ...body, save: true } });
    expect(saved.json.version).toBe(1);
    expect((await call({ path })).json.config).toEqual(found);
    const again = await call({ ...inference, body: { ...body, save: true } });
    expect(again.json).toMatchObject({ version: 1, inferred: { config: found } });
  });

  it('fails on the files of another tenant, and on none', async () => {
    const { call, ports } = openApi();
    await ports.objects.write('files/acme/leads/a.csv', new TextEncoder().encode(csv));
    const body = { files: ['files/acme/leads/a.csv'] };
    expect((await call({ ...inference, body, tenant: 'rival' })).statusCode).toBe(403);
    expect((await call({ ...inference, body: { files: ['files/acme/leads/b.csv'] } })).statusCode).toBe(400);
  });
});
