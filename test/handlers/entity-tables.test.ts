import { describe, expect, it } from 'vitest';
import { runTable } from '../support/table-run.ts';

const DAY_MS = 86_400_000;
const NEWEST = Date.parse('2025-09-30T12:00:00Z');

/** Leads in the order of their age, one a day; every tenth comes again later with another score. */
function leads(n: number): string[] {
  return Array.from({ length: n }, (_, i) => {
    const createdAt = new Date(NEWEST - (i % 120) * DAY_MS).toISOString();
    const id = i % 10 === 9 ? `lead-${i - 5}` : `lead-${i}`;
    const note = i % 4 === 0 ? '"said ""yes"",\nthen left"' : 'plain, '.trim().replace(',', '');
    return `${id},${createdAt},${(i * 7) % 101},${['BR', 'US', 'AR', ''][i % 4]},${i % 3 === 0 ? 'yes' : 'no'},a|b${i % 5},${note} ${i}`.replace(
      /" (\d+)$/,
      ' $1"',
    );
  });
}

const HEADER = 'lead_id,created_at,behavior_score,country,subscribed,product_types,note';
const table = (n: number) => [HEADER, ...leads(n)].join('\n');

describe('a table of one row per entity', () => {
  it('is read by what its columns look like', async () => {
    const { plan, entities, rows } = await runTable({ 'leads.csv': table(400) });
    expect(plan.kind).toBe('leads');
    expect(plan.entity).toMatchObject({ idColumn: 'lead_id', timeColumn: 'created_at', maxDataAgeMonths: 6 });
    expect(Object.fromEntries(plan.entity.columns.map(({ name, type }) => [name, type]))).toEqual({
      created_at: 'time',
      behavior_score: 'number',
      country: 'category',
      subscribed: 'boolean',
      product_types: 'list',
    });
    expect(plan.entity.ignored).toEqual([expect.objectContaining({ name: 'note', reason: 'free_text' })]);
    expect(rows).toMatchObject({ read: 400, used: 360, rejected: 40, byRule: { duplicate_id: 40 } });
    expect(entities).toHaveLength(360);
    expect(entities.find(({ id }) => id === 'lead-1')).toMatchObject({
      behavior_score: 7,
      country: 'US',
      subscribed: 0,
    });
  });
});
