import { describe, expect, it, vi } from 'vitest';
import { openExperiments, secretsIn } from './experiment-fixture.ts';

const MANUAL = { config: { segmentation: { enabled: true, mode: 'manual', segment_by: ['source'] } } };

describe('the source’s tests, as written', () => {
  it('3: an experiment with traffic is eligible, and something is recommended', async () => {
    const { create, traffic, segmentation } = openExperiments();
    const id = await create();
    await traffic(id, 1000);
    const { json: result } = await segmentation('GET', id, 'eligibility');
    expect(result.eligible_for_segmentation).toBe(true);
    expect(result.recommendations.length).toBeGreaterThan(0);
  });

  it('4: a visitor of a segmented experiment is told the segment', async () => {
    const { send } = openExperiments();
    const { json: result } = await send('POST', '/api/v1/experiments', {
      user_id: 'test_user',
      name: 'Test Experiment',
      variants: [{ name: 'A' }, { name: 'B' }],
      config: { segmentation: { enabled: true, mode: 'manual', segment_by: ['source'] } },
    });
    const { json: allocation } = await send('POST', `/api/v1/experiments/${result.experiment_id}/allocate`, {
      user_identifier: 'test_user_1',
      context: { source: 'instagram' },
      channel: 'web',
    });
    expect(allocation.segment_key).toBe('source:instagram');
    expect(allocation).toEqual({
      variant_id: expect.stringMatching(/^v[01]$/),
      variant: { name: expect.stringMatching(/^[AB]$/), content: {} },
      segment_key: 'source:instagram',
    });
  });
});

describe('an allocation', () => {
  it('is the same for the same visitor, whatever the context says later', async () => {
    const { create, allocate } = openExperiments();
    const id = await create(MANUAL);
    const { json: first } = await allocate(id, 'ana', { source: 'instagram' });
    for (const source of ['google', 'instagram', 'bing'])
      expect((await allocate(id, 'ana', { source })).json).toEqual(first);
  });

  it('of a new visitor is one read and one write, of a known one a single read', async () => {
    const { create, allocate, ports, clock } = openExperiments();
    const id = await create(MANUAL);
    const calls = () => Object.values(spies).reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    const store = ports.experiments;
    await allocate(id, 'warm-up');
    const spies = Object.fromEntries(
      (Object.keys(store) as (keyof typeof store)[]).map((name) => [name, vi.spyOn(store, name)]),
    );
    const others = [
      vi.spyOn(ports.runs, 'dataset'),
      vi.spyOn(ports.objects, 'read'),
      vi.spyOn(ports.configs, 'newest'),
    ];
    await allocate(id, 'ana', { source: 'instagram' });
    expect([spies.assignment!.mock.calls.length, spies.assign!.mock.calls.length, calls()]).toEqual([
      1, 1, 2,
    ]);
    await allocate(id, 'ana', { source: 'instagram' });
    expect([spies.assignment!.mock.calls.length, calls()]).toEqual([2, 3]);
    // Once a day a visitor who comes back is counted anew, and every two seconds an instance reads the counters.
    clock.now += 86_400_000;
    await allocate(id, 'ana', { source: 'instagram' });
    expect([spies.seen!.mock.calls.length, spies.state!.mock.calls.length, calls()]).toEqual([1, 1, 6]);
    for (const other of others) expect(other).not.toHaveBeenCalled();
  });

  it('loses no count of 200 allocations and conversions at once, each told twice', async () => {
    const { create, allocate, convert, segmentation, send, clock } = openExperiments();
    const id = await create(MANUAL);
    const visitors = Array.from({ length: 200 }, (_, n) => `visitor ${n}`);
    const allocated = await Promise.all(
      [...visitors, ...visitors].map((user, n) =>
        allocate(id, user, { source: n % 2 === 0 ? 'instagram' : 'google' }),
      ),
    );
    expect(allocated.every(({ statusCode }) => statusCode === 200)).toBe(true);
    const converted = await Promise.all([...visitors, ...visitors].map((user) => convert(id, user)));
    expect(converted.filter(({ json }) => json.counted)).toHaveLength(200);
    const { json } = await segmentation('GET', id, 'segments');
    expect(json.segments).toMatchObject([
      {
        segment_key: 'source:google',
        display_name: 'Google Traffic',
        segment_type: 'manual',
        allocations: 100,
        conversions: 100,
      },
      {
        segment_key: 'source:instagram',
        display_name: 'Instagram Traffic',
        allocations: 100,
        conversion_rate: 1,
      },
    ]);
    const { json: readout } = await send('GET', `/api/v1/experiments/${id}/readout`);
    const byVariant = [0, 1].map(
      (n) => allocated.slice(0, 200).filter(({ json }) => json.variant_id === `v${n}`).length,
    );
    expect(readout.variants.map((variant: { allocations: number }) => variant.allocations)).toEqual(
      byVariant,
    );
    expect(clock.now).toBeGreaterThan(0);
  });

  it('gives the same variants when the same log is played again with the same seed', async () => {
    const play = async () => {
      const { ports, clock, allocate, convert, create } = openExperiments();
      const created = vi.spyOn(ports.experiments, 'create');
      const id = await create({
        ...MANUAL,
        config: { ...MANUAL.config, allocation: { burn_in: 20, seed: 7 } },
      });
      // The id takes part in the draw: the same experiment is the same id.
      const [record] = created.mock.calls[0]!;
      const same = { ...record, experiment_id: 'exp_0123456789abcdef01234567' };
      await ports.experiments.create(same);
      const variants: string[] = [];
      for (let n = 0; n < 150; n++) {
        clock.now += 2500;
        const { json } = await allocate(same.experiment_id, `visitor ${n}`, {
          source: n % 3 === 0 ? 'a' : 'b',
        });
        variants.push(json.variant_id);
        if ((n * 7) % 5 < 2) await convert(same.experiment_id, `visitor ${n}`);
      }
      expect(id).not.toBe(same.experiment_id);
      return variants.join();
    };
    expect(await play()).toBe(await play());
  });

  it('learns: after enough conversions most new visitors see the better variant of their segment', async () => {
    const { create, allocate, convert, clock } = openExperiments();
    const config = {
      segmentation: { ...MANUAL.config.segmentation, min_samples_per_segment: 50 },
      allocation: { burn_in: 0 },
    };
    const id = await create({ config });
    const better: Record<string, string> = { instagram: 'v1', google: 'v0' };
    const shown: Record<string, string[]> = { instagram: [], google: [] };
    for (let n = 0; n < 800; n++) {
      clock.now += 2100;
      const source = n % 2 === 0 ? 'instagram' : 'google';
      const { json } = await allocate(id, `visitor ${n}`, { source });
      shown[source]!.push(json.variant_id);
      if (json.variant_id === better[source] && n % 3 === 0) await convert(id, `visitor ${n}`);
    }
    for (const [source, variants] of Object.entries(shown)) {
      const late = variants.slice(-100).filter((variant) => variant === better[source]).length;
      expect(late, source).toBeGreaterThan(80);
    }
  });

  it('puts visitors beyond the last segment that there may be into another one together', async () => {
    const { create, allocate, clock } = openExperiments();
    const id = await create(MANUAL);
    for (let n = 0; n < 500; n++) await allocate(id, `visitor ${n}`, { source: `source${n}` });
    clock.now += 3000;
    expect((await allocate(id, 'late', { source: 'source500' })).json.segment_key).toBe('other');
    expect((await allocate(id, 'early', { source: 'source7' })).json.segment_key).toBe('source:source7');
  });
});

describe('a stopped experiment', () => {
  it('keeps what it gave and gives nothing new', async () => {
    const { create, allocate, convert, send } = openExperiments();
    const id = await create();
    const { json: before } = await allocate(id, 'ana');
    expect((await send('POST', `/api/v1/experiments/${id}/stop`)).json.status).toBe('stopped');
    expect((await send('POST', `/api/v1/experiments/${id}/stop`)).statusCode).toBe(200);
    expect((await allocate(id, 'ana')).json).toEqual(before);
    expect((await allocate(id, 'bob')).statusCode).toBe(409);
    expect((await convert(id, 'ana')).json.counted).toBe(true);
  });
});

describe('experiments', () => {
  it('are listed page by page, and shown with their defaults', async () => {
    const { create, call, send } = openExperiments();
    const ids = [await create(), await create(), await create()].sort();
    const { json: first } = await call({ path: '/api/v1/experiments', query: { limit: '2' } });
    const { json: rest } = await call({
      path: '/api/v1/experiments',
      query: { limit: '2', cursor: first.cursor },
    });
    expect([...first.experiments, ...rest.experiments].map(({ experiment_id }) => experiment_id)).toEqual(
      ids,
    );
    const { json } = await send('GET', `/api/v1/experiments/${ids[0]}`);
    expect(json.config.segmentation).toEqual({
      enabled: false,
      mode: 'disabled',
      segment_by: [],
      min_samples_per_segment: 100,
      auto_activation: false,
      auto_activation_threshold: 1000,
      auto_clustering_enabled: false,
      n_clusters: null,
    });
    expect(json.variants.map(({ weight }: { weight: number }) => weight)).toEqual([0.5, 0.5]);
  });

  it('of one tenant are nothing to another', async () => {
    const { create, send, allocate, ports } = openExperiments();
    const id = await create(MANUAL);
    await allocate(id, 'ana', { source: 'instagram' });
    const bodies: Record<string, unknown> = {
      allocate: { user_identifier: 'ana' },
      convert: { user_identifier: 'ana' },
      config: { mode: 'disabled' },
      train: {},
    };
    const paths = [
      ['GET', `experiments/${id}`],
      ['POST', `experiments/${id}/allocate`],
      ['POST', `experiments/${id}/convert`],
      ['POST', `experiments/${id}/stop`],
      ['GET', `experiments/${id}/readout`],
      ['GET', `segmentation/${id}/config`],
      ['PUT', `segmentation/${id}/config`],
      ['GET', `segmentation/${id}/eligibility`],
      ['GET', `segmentation/${id}/segments`],
      ['GET', `segmentation/${id}/clustering/status`],
      ['POST', `segmentation/${id}/clustering/train`],
      ['GET', `segmentation/${id}/recommendations`],
      ['POST', `segmentation/${id}/recommendations/enable-segmentation/accept`],
      ['GET', `segmentation/${id}/metrics`],
    ] as const;
    for (const [method, path] of paths) {
      const { statusCode, json } = await send(
        method,
        `/api/v1/${path}`,
        method === 'GET' ? undefined : bodies[path.split('/').at(-1)!],
        'evil',
      );
      expect([path, statusCode, json.reason]).toEqual([path, 404, 'no_such_experiment']);
    }
    expect((await send('GET', '/api/v1/experiments', undefined, 'evil')).json.experiments).toEqual([]);
    expect((await ports.experiments.state({ tenant: 'acme', experiment_id: id }))?.experiment.status).toBe(
      'active',
    );
  });

  it('keep what they know of variants to themselves, in every answer, log line and event', async () => {
    const { create, allocate, convert, segmentation, send, answers, log, ports, traffic } = openExperiments();
    const id = await create({ config: { ...MANUAL.config, allocation: { burn_in: 0 } } });
    await traffic(id, 20_000);
    for (let n = 0; n < 20; n++) {
      await allocate(id, `visitor ${n}`, { source: 'a' });
      await convert(id, `visitor ${n}`);
    }
    for (const path of [
      'config',
      'eligibility',
      'segments',
      'metrics',
      'recommendations',
      'clustering/status',
    ]) {
      expect((await segmentation('GET', id, path)).statusCode).toBe(200);
    }
    await send('GET', `/api/v1/experiments/${id}/readout`);
    await segmentation('POST', id, 'clustering/train', {});
    await convert(id, 'nobody');
    const lines = log.map((line) => JSON.parse(line));
    expect(answers.length).toBeGreaterThan(45);
    expect(lines.length).toBeGreaterThanOrEqual(answers.length);
    expect([answers, lines, ports.contents.events].flatMap((values) => secretsIn(values))).toEqual([]);
    expect(log.join('')).not.toContain('visitor 1');
    expect(secretsIn([{ a: { alpha: 1 } }, { 'n:0': 3 }])).toEqual(['/0/a/alpha', '/1/n:0']);
  });
});

describe('metrics', () => {
  it('are those that the source suggested', async () => {
    const { create, allocate, convert, segmentation } = openExperiments();
    const id = await create({
      config: { segmentation: { ...MANUAL.config.segmentation, min_samples_per_segment: 50 } },
    });
    expect((await segmentation('GET', id, 'metrics')).json).toEqual({
      mode: 'manual',
      segments_count: 0,
      avg_lift: null,
      best_segment: null,
    });
    for (let n = 0; n < 120; n++) {
      await allocate(id, `visitor ${n}`, { source: n % 2 === 0 ? 'instagram' : 'google' });
      if (n % 4 === 0) await convert(id, `visitor ${n}`);
    }
    expect((await segmentation('GET', id, 'metrics')).json).toMatchObject({
      mode: 'manual',
      segments_count: 2,
      avg_lift: expect.any(Number),
      best_segment: { name: 'Instagram Traffic', conversion_rate: 0.5, lift: expect.any(Number) },
    });
  });
});
