import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameSegments, type SegmentMedians } from '../../functions/segments/name.ts';
import { NAME_RULES, type NameRule } from '../../functions/segments/name-rules.ts';

/** A population whose quantile q is 100·q of everything: recency in days, orders, money. */
const uniform = (_feature: string, q: number) => 100 * q;

const segment = (segmentId: number, recency_days: number, frequency: number, monetary: number) => ({
  segmentId,
  medians: { recency_days, frequency, monetary },
});

const namesOf = (segments: SegmentMedians[], rules?: readonly NameRule[]) => {
  const names = nameSegments(segments, uniform, rules);
  return segments.map(({ segmentId }) => names.get(segmentId)?.name);
};

/** The table as `docs/algorithms.md` prints it. */
function printedRows(rules: readonly NameRule[]) {
  const sign = { atMost: '≤', atLeast: '≥' };
  return rules.map(({ name, group, bounds, decidedBy }) => {
    const cells = ['recency_days', 'frequency', 'monetary'].map((feature) =>
      bounds
        .filter((bound) => bound.feature === feature)
        .map(({ side, quantile }) => `${sign[side]} ${quantile}`)
        .join(', '),
    );
    const row = [name, group, ...cells, `${decidedBy.prefer} ${decidedBy.feature}`];
    return `|${row.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
  });
}

describe('names of RFM segments', () => {
  it('have their table printed in the documentation, row by row', () => {
    const lines = readFileSync('docs/algorithms.md', 'utf8').split('\n');
    const start = lines.findIndex((line) => line.startsWith('| name | group'));
    expect(lines.slice(start + 2, start + 2 + NAME_RULES.length)).toEqual(printedRows(NAME_RULES));
  });

  it('follow the published table, one hand-worked segment per rule', () => {
    const worked: [string, SegmentMedians][] = [
      ['Top spenders', segment(0, 10, 60, 99)],
      ['Most frequent buyers', segment(0, 10, 99, 60)],
      ['Champions', segment(0, 40, 80, 80)],
      ['Loyal customers', segment(0, 60, 80, 50)],
      ['Big spenders', segment(0, 60, 50, 80)],
      ['Cannot lose them', segment(0, 61, 80, 80)],
      ['At risk', segment(0, 61, 50, 60)],
      ['New customers', segment(0, 20, 40, 10)],
      ['Promising', segment(0, 40, 40, 10)],
      ['Lost', segment(0, 80, 10, 10)],
      ['Hibernating', segment(0, 79, 10, 10)],
      ['Need attention', segment(0, 55, 50, 50)],
      ['Regular customers', segment(0, 30, 55, 55)],
    ];
    for (const [name, one] of worked) expect(namesOf([one])).toEqual([name]);
    expect(new Set(worked.map(([name]) => name))).toEqual(new Set(NAME_RULES.map(({ name }) => name)));
  });

  it('give a contested name to the segment furthest out, and the others the next that holds', () => {
    expect(namesOf([segment(0, 10, 85, 85), segment(1, 10, 90, 95), segment(2, 90, 1, 1)])).toEqual([
      'Loyal customers',
      'Champions',
      'Lost',
    ]);
  });

  it('stay within their group: the best never become regular customers', () => {
    const best = [85, 86, 87, 88].map((level, id) => segment(id, 10, level, level));
    expect(namesOf(best)).toEqual(['Champions 2', 'Big spenders', 'Loyal customers', 'Champions']);
    const outstanding = [95, 99, 100].map((money, id) => segment(id, 10, 85, money));
    expect(namesOf(outstanding)).toEqual(['Champions', 'Top spenders 2', 'Top spenders']);
  });

  it('carry a number where the table has no further name that holds', () => {
    const lapsed = [90, 91, 92, 93, 94].map((recency, id) => segment(id, recency, 1, 1));
    expect(namesOf(lapsed)).toEqual(['Lost 4', 'Lost 3', 'Lost 2', 'Hibernating', 'Lost']);
  });

  it('fall to the larger segment where two are equally far out', () => {
    expect(namesOf([segment(0, 90, 1, 1), segment(1, 90, 1, 1)])).toEqual(['Lost', 'Hibernating']);
  });

  it('say in words which rule and which numbers chose them', () => {
    const names = nameSegments([segment(0, 12.345, 85, 90)], uniform);
    expect(names.get(0)?.nameRule).toBe(
      'Champions: median recency_days 12.35 is at most 40, the 40% quantile of all customers; ' +
        'median frequency 85 is at least 80, the 80% quantile of all customers; ' +
        'median monetary 90 is at least 80, the 80% quantile of all customers',
    );
    const contested = nameSegments([segment(0, 95, 1, 1), segment(1, 90, 1, 1)], uniform);
    expect(contested.get(0)?.nameRule).toContain('of 2 such segments it has the highest recency_days');
  });

  it('do not call a feature high that is the same for everybody', () => {
    const sameOrders = (feature: string, q: number) => (feature === 'frequency' ? 1 : 100 * q);
    const names = nameSegments([segment(0, 10, 1, 55), segment(1, 90, 1, 20)], sameOrders);
    expect([names.get(0)?.name, names.get(1)?.name]).toEqual(['New customers', 'Lost']);
    const allSame = nameSegments([segment(0, 5, 1, 9), segment(1, 5, 1, 9)], (feature) =>
      feature === 'recency_days' ? 5 : feature === 'frequency' ? 1 : 9,
    );
    expect(allSame.get(0)?.name).toBe('New customers');
  });

  it('do not call few what most customers have', () => {
    // Nine of ten customers ordered four times: the 40% quantile and the median are both 4.
    const fourOrders = (feature: string, q: number) =>
      feature === 'frequency' ? (q < 0.1 ? 1 : 4) : 100 * q;
    const names = nameSegments([segment(0, 30, 4, 50), segment(1, 35, 1, 20)], fourOrders);
    expect([names.get(0)?.name, names.get(1)?.name]).toEqual(['Regular customers', 'Promising']);
  });

  it('obey another table', () => {
    const rules: NameRule[] = [
      {
        name: 'Whales',
        group: 'a',
        bounds: [{ feature: 'monetary', side: 'atLeast', quantile: 0.7 }],
        decidedBy: { feature: 'monetary', prefer: 'highest' },
      },
      { name: 'Fish', group: 'b', bounds: [], decidedBy: { feature: 'monetary', prefer: 'highest' } },
    ];
    expect(namesOf([segment(0, 1, 1, 30), segment(1, 1, 1, 75)], rules)).toEqual(['Fish', 'Whales']);
  });

  it('exist for every segment, differ within a run and do not depend on the order given', () => {
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    const triples = fc.array(fc.tuple(percent, percent, percent), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(triples, (rows) => {
        const segments = rows.map(([r, f, m], id) => segment(id, r, f, m));
        const names = nameSegments(segments, uniform);
        expect(new Set([...names.values()].map(({ name }) => name)).size).toBe(segments.length);
        const reversed = nameSegments(segments.toReversed(), uniform);
        for (const { segmentId } of segments) expect(reversed.get(segmentId)).toEqual(names.get(segmentId));
      }),
    );
  });
});
