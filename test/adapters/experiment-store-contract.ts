import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  type AssignmentRecord,
  allocationPolicySchema,
  type ExperimentRecord,
  SEGMENTATION_DEFAULTS,
} from '../../functions/contracts/experiment.ts';
import type { ExperimentStore } from '../../functions/experiment-ports.ts';
import { extractContext } from '../../functions/experiments/context.ts';
import { freshTenant } from './fresh-tenant.ts';

export const experimentOf = (
  tenant: string,
  experiment_id = 'exp_1',
  more: Partial<ExperimentRecord> = {},
): ExperimentRecord => ({
  tenant,
  experiment_id,
  name: 'Homepage',
  status: 'active',
  created_at: '2026-11-28T00:00:00.000Z',
  variants: ['Control', 'Bold'].map((name, n) => ({
    variant_id: `v${n}`,
    name,
    content: { n: [1, { deep: null }] },
    weight: 0.5,
  })),
  goals: ['conversion'],
  policy: allocationPolicySchema.parse({}),
  segmentation: SEGMENTATION_DEFAULTS,
  revision: 1,
  ...more,
});

export const userOf = (name: string) => createHash('sha256').update(name).digest('hex').slice(0, 32);

export const assignmentOf = (name: string, more: Partial<AssignmentRecord> = {}): AssignmentRecord => ({
  user: userOf(name),
  variant: 1,
  segment_key: 'source:instagram',
  segment: 'source:instagram',
  holdout: false,
  propensity: 0.1 + 0.2,
  context: extractContext('web', { source: 'instagram' }, { atMs: 0, timeZone: 'UTC' }),
  allocated_at: '2026-11-28T00:00:00.000Z',
  seen_day: '20261128',
  ...more,
});

/** What every store of experiments must do. */
export function experimentStoreContract(open: () => ExperimentStore): void {
  const created = async (more: Partial<ExperimentRecord> = {}) => {
    const tenant = freshTenant();
    const experiment = experimentOf(tenant, 'exp_1', more);
    expect(await open().create(experiment)).toBe(true);
    return { ref: { tenant, experiment_id: 'exp_1' }, experiment };
  };
  const sumsOf = async (ref: { tenant: string; experiment_id: string }) =>
    Object.fromEntries(
      ((await open().state(ref))?.segments ?? []).map(({ segment, sums }) => [segment, sums]),
    );

  it('keeps an experiment as it was given, once', async () => {
    const { ref, experiment } = await created();
    expect(await open().get(ref)).toEqual(experiment);
    expect(await open().create(experimentOf(ref.tenant, 'exp_1', { name: 'Another' }))).toBe(false);
    expect((await open().get(ref))?.name).toBe('Homepage');
    expect(await open().state(ref)).toEqual({ experiment, segments: [], recommendations: [] });
  });

  it('lists the experiments of a tenant, and of all', async () => {
    const { ref } = await created();
    await open().create(experimentOf(ref.tenant, 'exp_0'));
    expect(await open().ids(ref.tenant)).toEqual(['exp_0', 'exp_1']);
    expect(await open().ids(freshTenant())).toEqual([]);
    expect(await open().all()).toEqual(expect.arrayContaining([ref, { ...ref, experiment_id: 'exp_0' }]));
  });

  it('changes an experiment from one revision to the next: of two at once, one wins', async () => {
    const { ref, experiment } = await created();
    const outcomes = await Promise.all(
      ['A', 'B'].map((name) => open().update({ ...experiment, name, revision: 2 })),
    );
    expect(outcomes.sort()).toEqual([false, true]);
    expect(await open().update({ ...experiment, name: 'late', revision: 2 })).toBe(false);
    expect(await open().update({ ...experiment, tenant: freshTenant(), revision: 2 })).toBe(false);
    expect((await open().get(ref))?.revision).toBe(2);
  });

  it('assigns a visitor once, and counts with it: of many at once, one wins', async () => {
    const { ref } = await created();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, variant) =>
        open().assign(ref, assignmentOf('ana', { variant }), { 'n:1': 1, 'e:0': 500_000 }),
      ),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await sumsOf(ref)).toEqual({ 'source:instagram': { 'n:1': 1, 'e:0': 500_000 } });
    expect(await open().assignment(ref, userOf('ana'))).toEqual(
      assignmentOf('ana', { variant: outcomes.indexOf(true) }),
    );
    expect(await open().assignment(ref, userOf('bob'))).toBeUndefined();
  });

  it('loses no count of 200 at once, whatever the items they fall on', async () => {
    const { ref } = await created();
    const names = Array.from({ length: 200 }, (_, n) => `visitor ${n}`);
    const segment = (n: number) => (n % 3 === 0 ? 'a' : 'b');
    await Promise.all(
      names.map((name, n) =>
        open().assign(ref, assignmentOf(name, { segment: segment(n) }), { 'n:0': 1, 'w:0': 3 }),
      ),
    );
    await Promise.all(
      names.map((name, n) =>
        open().convert(ref, assignmentOf(name, { segment: segment(n) }), 0, 'now', { 'c:0:0': 1 }),
      ),
    );
    expect(await sumsOf(ref)).toEqual({
      a: { 'n:0': 67, 'w:0': 201, 'c:0:0': 67 },
      b: { 'n:0': 133, 'w:0': 399, 'c:0:0': 133 },
    });
    const listed = await open().assignments(ref, 1000);
    expect(listed.map(({ user }) => user).sort()).toEqual(names.map(userOf).sort());
    expect(await open().assignments(ref, 7)).toHaveLength(7);
  }, 60_000);

  it('counts a conversion once per visitor and goal, however often it is told', async () => {
    const { ref } = await created();
    await open().assign(ref, assignmentOf('ana'), { 'n:1': 1 });
    const convert = (goal: number) =>
      open().convert(ref, assignmentOf('ana'), goal, '2026-11-28T01:00:00.000Z', { [`c:${goal}:1`]: 1 });
    const outcomes = await Promise.all([convert(0), convert(0), convert(0)]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect([await convert(0), await convert(1), await convert(1)]).toEqual([false, true, false]);
    expect(await sumsOf(ref)).toEqual({ 'source:instagram': { 'n:1': 1, 'c:0:1': 1, 'c:1:1': 1 } });
    expect(await open().assignment(ref, userOf('ana'))).toEqual(assignmentOf('ana'));
  });

  it('counts no conversion of a visitor who was not assigned', async () => {
    const { ref } = await created();
    expect(await open().convert(ref, assignmentOf('nobody'), 0, 'now', { 'c:0:1': 1 })).toBe(false);
    expect(await sumsOf(ref)).toEqual({});
  });

  it('moves the day of a last visit once', async () => {
    const { ref } = await created();
    await open().assign(ref, assignmentOf('ana'), { 'd:20261128': 1 });
    const move = () =>
      open().seen(ref, assignmentOf('ana'), '20261129', { 'd:20261128': -1, 'd:20261129': 1 });
    expect((await Promise.all([move(), move()])).filter(Boolean)).toHaveLength(1);
    expect(await sumsOf(ref)).toEqual({ 'source:instagram': { 'd:20261128': 0, 'd:20261129': 1 } });
    expect((await open().assignment(ref, userOf('ana')))?.seen_day).toBe('20261129');
  });

  it('drops counters by name and keeps the others', async () => {
    const { ref } = await created();
    for (const name of ['a', 'b', 'c'])
      await open().assign(ref, assignmentOf(name), { 'n:0': 1, 'd:20260101': 1, 'd:20261128': 1 });
    await open().dropCounters(ref, ['d:20260101', 'd:19990101']);
    await open().dropCounters(ref, []);
    expect(await sumsOf(ref)).toEqual({ 'source:instagram': { 'n:0': 3, 'd:20261128': 3 } });
  });

  it('keeps recommendations by id', async () => {
    const { ref } = await created();
    const recommendation = {
      id: 'enable-segmentation',
      type: 'enable_segmentation' as const,
      status: 'pending' as const,
      reason: 'traffic',
      suggested_config: { mode: 'manual' as const },
      avg_daily_visitors: 1200.5,
      created_at: '2026-11-28T00:00:00.000Z',
    };
    await open().putRecommendation(ref, recommendation);
    await open().putRecommendation(ref, { ...recommendation, status: 'dismissed' });
    expect((await open().state(ref))?.recommendations).toEqual([{ ...recommendation, status: 'dismissed' }]);
  });

  it('shows nothing of an experiment to another tenant', async () => {
    const { ref } = await created();
    await open().assign(ref, assignmentOf('ana'), { 'n:1': 1 });
    const other = { ...ref, tenant: freshTenant() };
    expect(await open().get(other)).toBeUndefined();
    expect(await open().state(other)).toBeUndefined();
    expect(await open().assignment(other, userOf('ana'))).toBeUndefined();
    expect(await open().assignments(other, 10)).toEqual([]);
    expect(await open().convert(other, assignmentOf('ana'), 0, 'now', { 'c:0:1': 1 })).toBe(false);
  });
}
