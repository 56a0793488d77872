import { describe, expect, it } from 'vitest';
import { openExperiments } from './experiment-fixture.ts';

const TWO = [{ name: 'A' }, { name: 'B' }];
const UNKNOWN = `exp_${'0'.repeat(24)}`;
const manual = (segment_by: string[]) => ({ enabled: true, mode: 'manual', segment_by });

describe('an experiment that cannot be', () => {
  it.each([
    ['one variant', { variants: [{ name: 'A' }] }, '/variants'],
    [
      '10,000 variants',
      { variants: Array.from({ length: 10_000 }, (_, n) => ({ name: `v${n}` })) },
      '/variants',
    ],
    [
      'weights that do not sum to 1',
      {
        variants: [
          { name: 'A', weight: 0.6 },
          { name: 'B', weight: 0.5 },
        ],
      },
      '/variants',
    ],
    ['a weight for one variant only', { variants: [{ name: 'A', weight: 1 }, { name: 'B' }] }, '/variants'],
    ['two variants of one name', { variants: [{ name: 'A' }, { name: 'A' }] }, '/variants'],
    ['a goal twice', { goals: ['buy', 'buy'] }, '/goals'],
    ['mode manual and nothing to part by', { config: { segmentation: { mode: 'manual' } } }, '/segment_by'],
    [
      'a field that is none',
      { config: { segmentation: manual(['shoe_size']) } },
      '/config/segmentation/segment_by/0',
    ],
    [
      'a field named twice',
      { config: { segmentation: manual(['source', 'source']) } },
      '/config/segmentation/segment_by',
    ],
    ['a mode that is none', { config: { segmentation: { mode: 'magic' } } }, '/config/segmentation/mode'],
    [
      'both spellings that differ',
      { config: { segmentation: { auto_activation: true, auto_activation_enabled: false } } },
      '/auto_activation',
    ],
    [
      'too few samples',
      { config: { segmentation: { min_samples_per_segment: 49 } } },
      '/config/segmentation/min_samples_per_segment',
    ],
    [
      'too many samples',
      { config: { segmentation: { min_samples_per_segment: 1001 } } },
      '/config/segmentation/min_samples_per_segment',
    ],
    [
      'a low threshold',
      { config: { segmentation: { auto_activation_threshold: 99 } } },
      '/config/segmentation/auto_activation_threshold',
    ],
    ['11 clusters', { config: { segmentation: { n_clusters: 11 } } }, '/config/segmentation/n_clusters'],
    [
      'a time zone that is none',
      { config: { allocation: { time_zone: 'Mars/Olympus' } } },
      '/config/allocation/time_zone',
    ],
    ['an unknown field', { colour: 'red' }, '/colour'],
  ])('fails with 400 that names the field: %s', async (_, more, pointer) => {
    const { send } = openExperiments();
    const { statusCode, json } = await send('POST', '/api/v1/experiments', {
      name: 'Test',
      variants: TWO,
      ...more,
    });
    expect([statusCode, json.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  it('fails for keys that reach for prototypes, and leaves them alone', async () => {
    const { call, create, allocate } = openExperiments();
    const body = '{"name":"T","variants":[{"name":"A"},{"name":"B"}],"__proto__":{"polluted":1}}';
    const { statusCode } = await call({ method: 'POST', path: '/api/v1/experiments', body });
    expect(statusCode).toBe(400);
    const id = await create({ config: { segmentation: manual(['source']) } });
    const context = JSON.parse(
      '{"__proto__":{"source":"evil"},"constructor":{"prototype":{"source":"evil"}},"source":"__proto__"}',
    );
    expect((await allocate(id, '__proto__', context)).json.segment_key).toBe('source:__proto__');
    expect((await allocate(id, 'constructor', { source: 'constructor' })).json.segment_key).toBe(
      'source:constructor',
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).source).toBeUndefined();
  });
});

describe('a visitor', () => {
  it('fails with 404 in an experiment that is not there, and with 400 for an id that is none', async () => {
    const { allocate, convert, segmentation } = openExperiments();
    for (const { statusCode, json } of [
      await allocate(UNKNOWN, 'ana'),
      await convert(UNKNOWN, 'ana'),
      await segmentation('GET', UNKNOWN, 'config'),
    ]) {
      expect([statusCode, json.reason]).toEqual([404, 'no_such_experiment']);
    }
    expect((await allocate('exp_x', 'ana')).statusCode).toBe(400);
  });

  it('fails with 413 for a context of 64 kB', async () => {
    const { create, allocate } = openExperiments();
    const { statusCode, json } = await allocate(await create(), 'ana', { note: 'x'.repeat(64 * 1024) });
    expect([statusCode, json.limitBytes]).toEqual([413, 65_536]);
  });

  it('fails with 400 for a channel that is none, and without a name', async () => {
    const { create, allocate } = openExperiments();
    const id = await create();
    expect((await allocate(id, 'ana', {}, { channel: 'fax' })).json.errors[0].pointer).toBe('/channel');
    expect((await allocate(id, '')).json.errors[0].pointer).toBe('/user_identifier');
    expect((await allocate(id, 'ana', [1])).json.errors[0].pointer).toBe('/context');
  });

  it('fails with 409 to convert before the allocation', async () => {
    const { create, convert, segmentation } = openExperiments();
    const id = await create();
    const { statusCode, json } = await convert(id, 'ana');
    expect([statusCode, json.reason]).toEqual([409, 'not_allocated']);
    expect((await segmentation('GET', id, 'segments')).json.segments).toEqual([]);
  });

  it('fails for rewards beyond 0 and 1, and for goals that are none', async () => {
    const { create, allocate, convert } = openExperiments();
    const id = await create({ goals: ['buy', 'share'] });
    await allocate(id, 'ana');
    expect((await convert(id, 'ana', { reward: 1.01 })).statusCode).toBe(400);
    expect((await convert(id, 'ana', { reward: -0.1 })).statusCode).toBe(400);
    expect((await convert(id, 'ana', { goal: 'sleep' })).json).toMatchObject({
      status: 400,
      reason: 'unknown_goal',
    });
    expect((await convert(id, 'ana', { goal: 'share', reward: 0.5 })).json).toMatchObject({
      counted: true,
      goal: 'share',
    });
    expect((await convert(id, 'ana')).json).toMatchObject({ counted: true, goal: 'buy' });
  });

  it('fails where clocks differ by more than five minutes, and not below', async () => {
    const { create, allocate, convert, clock } = openExperiments();
    const id = await create();
    for (const user of ['ana', 'bob', 'eve', 'joe']) await allocate(id, user);
    const at = (ms: number) => ({ converted_at: new Date(clock.now + ms).toISOString() });
    expect((await convert(id, 'ana', at(5 * 60_000 + 1))).json.reason).toBe('clock_skew');
    expect((await convert(id, 'ana', at(-5 * 60_000 - 1))).json.reason).toBe('clock_skew');
    expect((await convert(id, 'bob', at(5 * 60_000))).json.counted).toBe(true);
    expect((await convert(id, 'eve', at(-5 * 60_000))).json.counted).toBe(true);
    expect((await convert(id, 'joe', { converted_at: 'yesterday' })).statusCode).toBe(400);
  });

  it('converts late within the window, and fails after it', async () => {
    const { create, allocate, convert, clock } = openExperiments();
    const id = await create({ config: { allocation: { conversion_window_hours: 24 } } });
    await allocate(id, 'ana');
    await allocate(id, 'bob');
    clock.now += 24 * 3_600_000;
    expect((await convert(id, 'ana')).json.counted).toBe(true);
    clock.now += 1;
    expect((await convert(id, 'bob')).json).toMatchObject({ status: 409, reason: 'conversion_window' });
    const within = { converted_at: new Date(clock.now - 3_600_000).toISOString() };
    expect((await convert(id, 'bob', within)).json.counted).toBe(true);
  });
});

describe('a change of segmentation', () => {
  it('keeps what it does not name, and takes both spellings', async () => {
    const { create, segmentation } = openExperiments();
    const id = await create();
    const { json } = await segmentation('PUT', id, 'config', {
      mode: 'manual',
      segment_by: ['source'],
      min_samples_per_segment: 100,
    });
    expect(json).toMatchObject({
      enabled: true,
      mode: 'manual',
      segment_by: ['source'],
      auto_activation: false,
      auto_activation_enabled: false,
    });
    await segmentation('PUT', id, 'config', { auto_activation_enabled: true });
    expect((await segmentation('GET', id, 'config')).json).toMatchObject({
      mode: 'manual',
      auto_activation: true,
      auto_activation_enabled: true,
    });
    expect(
      (await segmentation('PUT', id, 'config', { mode: 'auto', auto_clustering_enabled: true })).json,
    ).toMatchObject({ mode: 'auto', auto_clustering_enabled: true });
  });

  it('fails with 409 where segments have learned, says what would be lost, and is possible once the experiment is stopped', async () => {
    const { create, allocate, segmentation, send } = openExperiments();
    const id = await create({ config: { segmentation: manual(['source']) } });
    expect((await segmentation('PUT', id, 'config', { segment_by: ['device'] })).statusCode).toBe(200);
    await segmentation('PUT', id, 'config', { segment_by: ['source'] });
    await allocate(id, 'ana', { source: 'instagram' });
    for (const change of [
      { segment_by: ['device'] },
      { segment_by: ['source', 'device'] },
      { mode: 'disabled' },
      { mode: 'auto' },
      { enabled: false },
    ]) {
      const { statusCode, json } = await segmentation('PUT', id, 'config', change);
      expect([statusCode, json.reason]).toEqual([409, 'unsafe_change']);
      expect(json.detail).toMatch(
        /learned from 1 visitors, and the change from manual by source to .* would throw that away/,
      );
    }
    expect((await segmentation('PUT', id, 'config', { min_samples_per_segment: 500 })).statusCode).toBe(200);
    await send('POST', `/api/v1/experiments/${id}/stop`);
    expect((await segmentation('PUT', id, 'config', { mode: 'disabled' })).statusCode).toBe(200);
  });

  it('from nothing to segments is safe at any time: what was learned becomes their parent', async () => {
    const { create, allocate, segmentation, clock } = openExperiments();
    const id = await create();
    await allocate(id, 'ana', { source: 'instagram' });
    expect(
      (await segmentation('PUT', id, 'config', { mode: 'manual', segment_by: ['source'] })).statusCode,
    ).toBe(200);
    clock.now += 3000;
    expect((await allocate(id, 'bob', { source: 'instagram' })).json.segment_key).toBe('source:instagram');
    expect((await allocate(id, 'ana', { source: 'instagram' })).json.segment_key).toBe('default');
  });

  it.each([
    [{ mode: 'manual' }],
    [{ mode: 'manual', segment_by: [] }],
    [{ enabled: true }],
    [{ mode: 'magic' }],
    [{ min_samples_per_segment: 1 }],
  ])('fails with 400 for %j', async (change) => {
    const { create, segmentation } = openExperiments();
    expect((await segmentation('PUT', await create(), 'config', change)).statusCode).toBe(400);
  });
});

describe('clusters', () => {
  it('fail with 422 at 999 assignments, and the answer says that one is missing', async () => {
    const { create, allocate, segmentation } = openExperiments();
    const id = await create({ config: { segmentation: { mode: 'auto' } } });
    for (let n = 0; n < 999; n++) await allocate(id, `visitor ${n}`, { source: `s${n % 4}` });
    const { statusCode, json } = await segmentation('POST', id, 'clustering/train', {});
    expect([statusCode, json.required, json.found, json.missing]).toEqual([422, 1000, 999, 1]);
    expect(json.detail).toContain('1 are missing');
    await allocate(id, 'visitor 999', { source: 's1' });
    expect((await segmentation('POST', id, 'clustering/train', {})).statusCode).toBe(202);
  }, 30_000);

  it('fail with 400 for 1 or 11 of them', async () => {
    const { create, segmentation } = openExperiments();
    const id = await create();
    for (const n_clusters of [1, 11]) {
      expect((await segmentation('POST', id, 'clustering/train', { n_clusters })).statusCode).toBe(400);
    }
  });
});
