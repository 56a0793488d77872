import { describe, expect, it } from 'vitest';
import { LEAD_NAME_TABLE, leadNameTable } from '../functions/segments/lead-name-rules.ts';
import { openApi } from './routes/api-fixture.ts';
import { leadsCsv, madeUpLeads } from './support/leads-csv.ts';
import { runWorkflow } from './support/run-workflow.ts';

const word = (text: string) => ({ en: text, 'pt-BR': `${text} pt`, es: `${text} es` });
const atLeast = (cut: number) => ({ axis: 'value', side: 'atLeast', cut });

/** The API over one dataset; each call of `segment` saves a configuration and runs the dataset's file. */
function dataset(name: string, text: string) {
  let now = Date.UTC(2026, 0, 1);
  const api = openApi(() => {
    now += 1000;
    return new Date(now);
  });
  const key = `drop/acme/${name}/file.csv`;
  const configure = (body: unknown) => api.call({ method: 'PUT', path: `/v1/datasets/${name}`, body });
  const segment = async (config: unknown) => {
    expect((await configure(config)).statusCode).toBe(200);
    await api.ports.objects.write(key, new TextEncoder().encode(text));
    const { plan, error } = await runWorkflow(api.ports, { trigger: 'drop', key });
    if (error) throw error;
    const { json } = await api.call({ path: '/v1/segments', query: { dataset: name } });
    const segments = json.segments as { name: string; name_rule: string }[];
    return { runId: plan!.run!.runId, outcome: plan!.outcome, segments };
  };
  return { ...api, configure, segment };
}

const leads = { kind: 'leads', nClusters: 3, algorithms: ['kmeans'] };
const ofLeads = () => dataset('leads', leadsCsv(madeUpLeads(200)));

const orders = [
  'customer_id,order_id,ordered_at,quantity,unit_price',
  ...Array.from(
    { length: 60 },
    (_, i) => `c${i},o${i},2026-01-${String(1 + (i % 28)).padStart(2, '0')},1,${i}`,
  ),
].join('\n');

describe('name tables of a dataset', () => {
  it('choose the words of leads by their own cut points, in the language of the dataset, and the report says so', async () => {
    const { segment, call } = ofLeads();
    const published = await segment({ ...leads, locale: 'es' });
    const value = [
      { word: word('Premium'), bounds: [atLeast(0.5)] },
      { word: word('Standard'), bounds: [] },
    ];
    const own = { ...leads, locale: 'es', names: { leads: { value, behavior: [], place: [] } } };
    const { runId, segments } = await segment(own);
    expect(runId).not.toBe(published.runId);
    const words = segments.map(({ name }) => /^(Premium|Standard) es/.exec(name)?.[1]);
    expect(new Set(words)).toEqual(new Set(['Premium', 'Standard']));
    for (const [i, { name_rule }] of segments.entries()) {
      const rule = words[i] === 'Premium' ? /^Premium es: value .* is at least 0.5/ : /^Standard es: /;
      expect(name_rule).toMatch(rule);
    }
    const { json } = await call({ path: `/v1/runs/${runId}/segmentation` });
    expect(json.segmentations[0].clusters.map((one: { name_rule: string }) => one.name_rule).sort()).toEqual(
      segments.map(({ name_rule }) => name_rule).sort(),
    );
    // The same tables are the same run; the published ones again are the run of before.
    expect(await segment(own)).toMatchObject({ runId, outcome: 'alreadyPublished' });
    expect(await segment({ ...leads, locale: 'es' })).toMatchObject({ runId: published.runId });
  }, 90_000);

  it('leave what they do not name as it is published', () => {
    expect(leadNameTable()).toEqual(LEAD_NAME_TABLE);
    expect(leadNameTable({ distinctiveFrom: 0.4 })).toEqual({ ...LEAD_NAME_TABLE, distinctiveFrom: 0.4 });
  });

  it('choose the names of orders', async () => {
    const { segment } = dataset('orders', orders);
    const rule = (name: string, quantile: number) => ({
      name,
      group: 'all',
      bounds: [{ feature: 'monetary', side: 'atLeast', quantile }],
      decidedBy: { feature: 'monetary', prefer: 'highest' },
    });
    const names = {
      orders: [rule('Gastam muito', 0.5), rule('Os outros', 0), { ...rule('Resto', 0), bounds: [] }],
    };
    const { segments } = await segment({ kind: 'orders', nClusters: 2, names });
    expect(segments.map(({ name }) => name).sort()).toEqual(['Gastam muito', 'Resto']);
    const [rich] = segments.filter(({ name }) => name === 'Gastam muito');
    expect(rich!.name_rule).toMatch(/^Gastam muito: median monetary .* is at least .*, the 50% quantile/);
  });

  it.each([
    ['a language is missing', { leads: { value: [{ word: { en: 'A', es: 'A' }, bounds: [] }] } }],
    ['a word has a line break', { leads: { value: [{ word: word('A\nB'), bounds: [] }] } }],
    ['a word is too long', { leads: { value: [{ word: word('A'.repeat(65)), bounds: [] }] } }],
    [
      'an axis is unknown',
      { leads: { value: [{ word: word('A'), bounds: [{ ...atLeast(1), axis: 'age' }] }] } },
    ],
    ['a share is above one', { leads: { place: [{ by: 'state', share: 1.5 }] } }],
    ['the table of orders is empty', { orders: [] }],
    ['a field is unknown', { leads: { colour: 'red' } }],
  ])('fails with 400 where %s', async (_, names) => {
    const { configure, call } = ofLeads();
    expect((await configure({ ...leads, names })).statusCode).toBe(400);
    expect((await call({ path: '/v1/datasets/leads' })).json.version ?? 0).toBe(0);
  });
});
