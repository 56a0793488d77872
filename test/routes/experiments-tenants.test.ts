import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openExperiments } from './experiment-fixture.ts';

/** Stands in the experiment's name, variants and contexts: whoever reads it has read what is another's. */
const MARK = 'mark-of-acme';
const KINDS = [
  { source: MARK, device: 'mobile' },
  { source: 'google', device: 'desktop' },
];
/** Tenants that keys could be confused by. */
const STRANGERS = ['evil', 'acm', 'acme2', 'acme-e', 'e'];
const ofExperiments = allRoutes.filter(({ path }) => path.includes('{experimentId}'));

async function world() {
  const api = openExperiments();
  const id = await api.create({
    name: MARK,
    variants: [{ name: MARK }, { name: 'B' }],
    config: { segmentation: { n_clusters: 2 } },
  });
  for (let n = 0; n < 1000; n++) await api.allocate(id, `visitor ${n}`, KINDS[n % 2]);
  await api.segmentation('POST', id, 'clustering/train', {});
  const [executionId, trigger] = [...api.ports.contents.executions.entries()].at(-1)!;
  await runWorkflow(api.ports, trigger, { executionId });
  await api.segmentation('PUT', id, 'config', { mode: 'auto' });
  for (const [k, kind] of KINDS.entries()) await api.allocate(id, `late ${k}`, kind);
  await api.traffic(id, 20_000);
  const ref = { tenant: 'acme', experiment_id: id };
  const run = (await api.ports.runs.dataset('acme', id))!.currentRunId;
  /** All that a stranger could change. */
  const owned = async () => {
    const { experiments, contents, runs, configs } = api.ports;
    const assignments = await experiments.assignments(ref, 2000);
    const objects = [...contents.objects].filter(([key]) => key.includes('acme/'));
    return JSON.stringify([
      await experiments.state(ref),
      assignments,
      await experiments.ids('acme'),
      await runs.dataset('acme', id),
      await runs.get('acme', run),
      await configs.newest('acme', id),
      objects.map(([key, bytes]) => [key, bytes.length]).sort(),
      [...contents.executions.values()].filter((trigger) => 'tenant' in trigger && trigger.tenant === 'acme'),
      contents.events.filter((event) => 'tenant' in event && event.tenant === 'acme'),
    ]);
  };
  return { ...api, id, run, owned };
}

let acme: Awaited<ReturnType<typeof world>>;
beforeAll(async () => {
  acme = await world();
}, 60_000);

const text = fc.oneof(fc.constantFrom('visitor 1', 'nobody', '__proto__'), fc.string({ maxLength: 20 }));
const body = fc.oneof(
  fc.record({ user_identifier: text, context: fc.constantFrom({}, ...KINDS), channel: fc.constant('web') }),
  fc.record({ user_identifier: text, reward: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.constantFrom(
    {},
    { mode: 'disabled' },
    { mode: 'manual', segment_by: ['source'] },
    { force_retrain: true },
  ),
  fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
);
const attack = fc.record({
  tenant: fc.constantFrom(...STRANGERS),
  route: fc.constantFrom(...ofExperiments),
  recommendation: fc.constantFrom('enable-segmentation', 'enable-clustering'),
  body,
});

describe('an experiment of one tenant', () => {
  it('has something to read and to change', async () => {
    expect(ofExperiments.length).toBeGreaterThanOrEqual(15);
    const { id, segmentation, allocate } = acme;
    expect(JSON.stringify((await segmentation('GET', id, 'segments')).json)).toContain(MARK);
    expect((await allocate(id, 'visitor 1')).statusCode).toBe(200);
  });

  it('is neither read nor touched by another one, whatever is sent to whichever route', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(attack, { minLength: 1, maxLength: 12 }), async (attacks) => {
        const before = await acme.owned();
        for (const { tenant, route, recommendation, body } of attacks) {
          const path = route.path.replace('{experimentId}', acme.id).replace('{id}', recommendation);
          const call = { method: route.method, path, tenant, ...(route.method !== 'GET' && { body }) };
          const { statusCode, json } = await acme.call(call);
          expect([400, 404], `${tenant} ${route.method} ${path}`).toContain(statusCode);
          if (statusCode === 404) expect(json.reason).toBe('no_such_experiment');
          expect(JSON.stringify(json)).not.toContain(MARK);
        }
        expect(await acme.owned()).toBe(before);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('is the same for its own tenant, whatever others do in theirs under the same names', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...STRANGERS),
        fc.array(text, { maxLength: 5 }),
        async (tenant, names) => {
          const before = await acme.owned();
          const own = await acme.create({ name: 'Own' }, tenant);
          for (const user_identifier of ['visitor 1', ...names.filter((name) => name !== '')]) {
            const path = `/api/v1/experiments/${own}/`;
            await acme.send('POST', `${path}allocate`, { user_identifier, context: {} }, tenant);
            await acme.send('POST', `${path}convert`, { user_identifier }, tenant);
          }
          const { json } = await acme.segmentation('GET', own, 'segments', undefined, tenant);
          expect(JSON.stringify(json)).not.toContain(MARK);
          const listed = await acme.send('GET', '/api/v1/experiments', undefined, tenant);
          expect(JSON.stringify(listed.json)).not.toContain(acme.id);
          expect(await acme.owned()).toBe(before);
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);

  it('has clusters that no route of datasets and runs shows to another one', async () => {
    const before = await acme.owned();
    for (const { method, path: template, scope } of allRoutes) {
      if (scope === undefined || template.includes('{experimentId}')) continue;
      const path = template
        .replace(/\{runId\}/, acme.run)
        .replace(/\{dataset\}|\{name\}/, acme.id)
        .replace(/\{\w*[sS]egment\w*\}/, '0')
        .replace(/\{\w+\}/g, 'visitor-1');
      const query = { dataset: acme.id };
      for (const tenant of STRANGERS) {
        for (const sent of [{ query }, {}]) {
          const asked = { method, path, tenant, ...sent, ...(method !== 'GET' && { body: query }) };
          const { body = '' } = await acme.call(asked);
          expect(body, `${method} ${path}`).not.toContain(MARK);
          if (!path.includes(acme.run)) expect(body, `${method} ${path}`).not.toContain(acme.run);
        }
      }
    }
    expect(await acme.owned()).toBe(before);
  }, 60_000);
});
