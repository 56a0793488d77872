import { describe, expect, it, vi } from 'vitest';
import { counter, MILLION } from '../functions/experiments/counters.ts';
import { reviewExperiments } from '../functions/handlers/review-experiments.ts';
import { assignmentOf } from './adapters/experiment-store-contract.ts';
import { DAY, openExperiments, secretsIn } from './routes/experiment-fixture.ts';
import { quietContext } from './support/prepared-run.ts';
import { runWorkflow } from './support/run-workflow.ts';

const AUTO = { auto_activation: true, auto_activation_threshold: 1000 };

function opened() {
  const api = openExperiments();
  const review = () =>
    reviewExperiments({ scheduledAt: new Date(api.clock.now).toISOString() }, quietContext(api.ports));
  return { ...api, review };
}

describe('the look at all experiments', () => {
  it('turns segmentation on at 1,200 visitors a day and not at 500, tells the bus and the owner, once', async () => {
    const { create, traffic, review, segmentation, ports } = opened();
    const quiet = await create({ config: { segmentation: AUTO }, notify_email: 'ana@example.com' });
    const busy = await create({ config: { segmentation: AUTO }, notify_email: 'bob@example.com' });
    await traffic(quiet, 500);
    await traffic(busy, 1200);
    expect(await review()).toEqual({ nExperiments: 2, nActivated: 1, nRetrained: 0, nAlerts: 0 });
    expect((await segmentation('GET', quiet, 'config')).json.enabled).toBe(false);
    expect((await segmentation('GET', busy, 'config')).json).toMatchObject({
      enabled: true,
      mode: 'manual',
      segment_by: ['source'],
    });
    expect(ports.contents.events).toEqual([
      {
        type: 'Experiment Segmentation Activated',
        tenant: 'acme',
        experiment_id: busy,
        detail: { name: 'Test', mode: 'manual', segment_by: ['source'] },
      },
    ]);
    expect(ports.contents.mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['bob@example.com', 'Segmentation is on: Test'],
    ]);
    expect(await review()).toMatchObject({ nActivated: 0 });
    expect(ports.contents.mails).toHaveLength(1);
  });

  it('follows the other spelling, and leaves alone who did not ask', async () => {
    const { create, traffic, review, segmentation } = opened();
    const other = await create({ config: { segmentation: { auto_activation_enabled: true } } });
    const none = await create();
    for (const id of [other, none]) await traffic(id, 1200);
    expect(await review()).toMatchObject({ nActivated: 1 });
    expect((await segmentation('GET', none, 'config')).json.enabled).toBe(false);
  });

  it('sends no e-mail where the deployment sends none, or nobody is named', async () => {
    const { create, traffic, review, ports } = opened();
    await traffic(await create({ config: { segmentation: AUTO } }), 1200);
    await review();
    Object.assign(ports.mailer, { enabled: false });
    await traffic(await create({ config: { segmentation: AUTO }, notify_email: 'ana@example.com' }), 1200);
    expect(await review()).toMatchObject({ nActivated: 1 });
    expect(ports.contents.mails).toEqual([]);
  });

  it('alerts of each of the three kinds, without a secret', async () => {
    const { create, traffic, review, ports, clock } = opened();
    const slow = await create({ config: { segmentation: { mode: 'manual', segment_by: ['source'] } } });
    const ref = { tenant: 'acme', experiment_id: slow };
    for (const [segment, conversions] of [
      ['source:a', 100],
      ['source:b', 5],
    ] as const) {
      const rewards = {
        [counter.allocations(0)]: 1000,
        [counter.conversions(0, 0)]: conversions,
        [counter.rewards(0, 0)]: conversions * MILLION,
      };
      await ports.experiments.assign(ref, assignmentOf(segment, { segment }), rewards);
    }
    const failing = await create({ config: { segmentation: AUTO } });
    await traffic(failing, 1200);
    const update = vi.spyOn(ports.experiments, 'update').mockResolvedValue(false);
    const old = await create({ config: { segmentation: { mode: 'auto' } } });
    await ports.runs.publish({
      tenant: 'acme',
      dataset: old,
      currentRunId: 'r1',
      turn: '1',
      formerRunIds: [],
      labelSources: [],
      request: { files: ['x'] },
      publishedAt: new Date(clock.now - 8 * DAY).toISOString(),
    });
    expect(await review()).toMatchObject({ nAlerts: 3, nActivated: 0 });
    update.mockRestore();
    const alerts = ports.contents.events.map(({ experiment_id, detail: { type } }) => [experiment_id, type]);
    expect(alerts.sort()).toEqual(
      [
        [slow, 'segment_underperforming'],
        [failing, 'auto_activation_failed'],
        [old, 'model_stale'],
      ].sort(),
    );
    expect(secretsIn(ports.contents.events)).toEqual([]);
    expect(ports.contents.events.find(({ experiment_id }) => experiment_id === slow)?.detail).toEqual({
      type: 'segment_underperforming',
      segment_key: 'source:b',
      display_name: 'B Traffic',
      conversion_rate: 0.005,
      experiment_conversion_rate: 0.0525,
    });
  });

  it('drops days that no window reaches, and keeps the others', async () => {
    const { create, traffic, review, ports, clock } = opened();
    const id = await create();
    await traffic(id, 10);
    clock.now += 9 * DAY;
    await review();
    const days = async () => {
      const { segments } = (await ports.experiments.state({ tenant: 'acme', experiment_id: id }))!;
      return Object.keys(segments[0]!.sums);
    };
    const kept = [28, 27, 26, 25, 24, 23].map((day) => `d:202611${day}`);
    expect(await days()).toEqual(kept);
  });

  it('fails after it has tried the others, where one experiment cannot be looked at', async () => {
    const { create, traffic, review, ports, segmentation } = opened();
    await create();
    const busy = await create({ config: { segmentation: AUTO } });
    await traffic(busy, 1200);
    vi.spyOn(ports.experiments, 'state').mockRejectedValueOnce(new Error('broken'));
    await expect(review()).rejects.toThrow('broken');
    expect((await segmentation('GET', busy, 'config')).json.enabled).toBe(true);
  });
});

describe('recommendations', () => {
  it('are accepted: the change is made, and they are pending no more', async () => {
    const { create, traffic, segmentation } = opened();
    const id = await create();
    await traffic(id, 12_000);
    const { json } = await segmentation('GET', id, 'recommendations');
    expect(json.recommendations.map(({ id: name }: { id: string }) => name)).toEqual([
      'enable-segmentation',
      'enable-clustering',
    ]);
    const accepted = await segmentation('POST', id, 'recommendations/enable-segmentation/accept');
    expect(accepted.json).toMatchObject({
      recommendation: { status: 'accepted' },
      config: { enabled: true, mode: 'manual', segment_by: ['source', 'device'] },
    });
    expect((await segmentation('POST', id, 'recommendations/enable-segmentation/accept')).statusCode).toBe(
      404,
    );
    const clusters = await segmentation('POST', id, 'recommendations/enable-clustering/accept');
    expect(clusters.json.config).toMatchObject({ mode: 'auto', auto_clustering_enabled: true });
    expect((await segmentation('GET', id, 'recommendations')).json.recommendations).toEqual([]);
  });

  it('are dismissed: nothing is changed, and they do not come again', async () => {
    const { create, traffic, segmentation, review, call } = opened();
    const id = await create();
    await traffic(id, 1200);
    await review();
    const { json } = await segmentation('POST', id, 'recommendations/enable-segmentation/dismiss');
    expect(json).toMatchObject({ recommendation: { status: 'dismissed' }, config: { enabled: false } });
    await review();
    expect((await segmentation('GET', id, 'eligibility')).json).toMatchObject({
      eligible_for_segmentation: true,
      recommendations: [],
    });
    const dismissed = await call({
      path: `/api/v1/segmentation/${id}/recommendations`,
      query: { status_filter: 'dismissed' },
    });
    expect(dismissed.json.recommendations).toHaveLength(1);
  });

  it('fails with 404 for one that is not there', async () => {
    const { create, segmentation } = opened();
    expect(
      (await segmentation('POST', await create(), 'recommendations/enable-clustering/accept')).statusCode,
    ).toBe(404);
  });
});

describe('clusters', () => {
  const KINDS = [
    { source: 'instagram', device: 'mobile' },
    { source: 'google', device: 'desktop' },
    { source: 'newsletter', device: 'tablet' },
  ];
  /** An experiment in mode auto with 1,002 visitors of three kinds. */
  async function crowd() {
    const api = opened();
    const id = await api.create({
      config: { segmentation: { mode: 'auto', auto_clustering_enabled: true, n_clusters: 3 } },
    });
    for (let n = 0; n < 1002; n++) await api.allocate(id, `visitor ${n}`, KINDS[n % 3]);
    const lastTrigger = () => [...api.ports.contents.executions.entries()].at(-1)!;
    const train = async () => {
      const answer = await api.segmentation('POST', id, 'clustering/train', { force_retrain: true });
      expect(answer.statusCode).toBe(202);
      return answer.json;
    };
    return { ...api, id, train, lastTrigger };
  }

  it('are found by the same workflow as everything else, and visitors are put into the nearest', async () => {
    const { id, train, lastTrigger, ports, allocate, segmentation, clock } = await crowd();
    expect((await allocate(id, 'visitor 0')).json.segment_key).toBe('default');
    const started = await train();
    expect((await segmentation('GET', id, 'clustering/status')).json).toMatchObject({
      is_trained: false,
      last_training: { status: 'starting', samples: 1002 },
    });
    const [executionId, trigger] = lastTrigger();
    await runWorkflow(ports, trigger, { executionId });
    expect((await segmentation('GET', id, 'clustering/status')).json).toMatchObject({
      is_trained: true,
      is_stale: false,
      n_clusters: 3,
      algorithm: 'kmeans',
      samples_trained_on: 1002,
      model_version: started.run_id,
      silhouette_score: expect.any(Number),
      last_training: { status: 'succeeded', problem: null },
    });
    clock.now += 31_000;
    const keys: string[][] = [];
    for (const [k, kind] of KINDS.entries()) {
      const found = await Promise.all(
        Array.from({ length: 5 }, (_, n) => allocate(id, `new ${k} ${n}`, kind)),
      );
      keys.push([...new Set(found.map(({ json }) => json.segment_key))]);
    }
    expect(keys.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(keys.flat().sort()).toEqual(['cluster_0', 'cluster_1', 'cluster_2']);
    const { json } = await segmentation('GET', id, 'segments');
    const names = json.segments.map((segment: { display_name: string }) => segment.display_name);
    expect(names).toEqual(
      expect.arrayContaining(['All Visitors', expect.stringMatching(/Instagram.* Mobile Users/)]),
    );
    expect(new Set(names).size).toBe(4);
    expect(json.segments[1]).toMatchObject({ segment_type: 'auto', allocations: 5 });

    // Young clusters are not trained again, old ones with the next look.
    expect((await segmentation('POST', id, 'clustering/train', {})).json.status).toBe('up_to_date');
    clock.now += 8 * DAY;
    ports.contents.ended.add(`memory:${executionId}`);
    expect((await segmentation('GET', id, 'clustering/status')).json.is_stale).toBe(true);
    const before = ports.contents.executions.size;
    expect(await reviewExperiments({ scheduledAt: '' }, quietContext(ports))).toMatchObject({
      nRetrained: 1,
      nAlerts: 1,
    });
    expect(ports.contents.executions.size).toBe(before + 1);
  }, 60_000);

  it('of two trainings at once on the same visitors are one run; a training that fails leaves them serving', async () => {
    const { id, train, ports, segmentation, clock, allocate } = await crowd();
    const [a, b] = await Promise.all([train(), train()]);
    expect(a.run_id).toBe(b.run_id);
    for (const [executionId, trigger] of ports.contents.executions)
      await runWorkflow(ports, trigger, { executionId });
    const served = (await segmentation('GET', id, 'clustering/status')).json.model_version;
    expect(served).toBe(a.run_id);
    expect((await ports.runs.list('acme', { limit: 10 })).items).toHaveLength(1);

    await allocate(id, 'one more', KINDS[0]);
    clock.now += 31_000;
    const { run_id } = await train();
    expect(run_id).not.toBe(served);
    const [executionId, trigger] = [...ports.contents.executions.entries()].at(-1)!;
    const read = ports.objects.read;
    Object.assign(ports.objects, {
      read: async (key: string) => (key.includes('/fit/') ? Promise.reject(new Error('lost')) : read(key)),
    });
    await runWorkflow(ports, trigger, { executionId }).catch(() => undefined);
    Object.assign(ports.objects, { read });
    const { json } = await segmentation('GET', id, 'clustering/status');
    expect(json).toMatchObject({
      is_trained: true,
      model_version: served,
      last_training: { run_id, status: 'failed' },
    });
    expect((await allocate(id, 'late', KINDS[0])).json.segment_key).toMatch(/^cluster_\d$/);
  }, 60_000);
});
