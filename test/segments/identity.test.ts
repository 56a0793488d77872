import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstIdentities,
  type MatchedSegments,
  matchSegments,
  type SegmentIdentities,
} from '../../functions/segments/identity.ts';
import { IDENTITY_THRESHOLDS } from '../../functions/segments/identity-pairs.ts';
import { MembershipCounts } from '../../functions/segments/membership-counts.ts';
import { Random } from '../../functions/stats/random.ts';

const sizesOf = (labels: readonly number[], n: number) =>
  Array.from({ length: n }, (_, cluster) => labels.filter((label) => label === cluster).length);

/** Labels of the same customers in two runs; undefined = not in that run. */
type Moves = readonly (readonly [before: number | undefined, after: number | undefined])[];

function matchMoves(
  moves: Moves,
  previous: SegmentIdentities,
  nAfter: number,
  centers?: { before: number[][]; after: number[][] },
): MatchedSegments {
  const counts = new MembershipCounts();
  for (const [before, after] of moves) counts.add(before ?? -2, after ?? -2);
  const sizes = {
    before: sizesOf(
      moves.map(([before]) => before ?? -2),
      previous.ids.length,
    ),
    after: sizesOf(
      moves.map(([, after]) => after ?? -2),
      nAfter,
    ),
  };
  return matchSegments(previous, { counts, sizes, ...(centers && { centers }) });
}

const repeat = (n: number, before: number | undefined, after: number | undefined): Moves =>
  Array.from({ length: n }, () => [before, after] as const);
const kinds = ({ events }: MatchedSegments) =>
  events.map(({ kind, from, to }) => `${kind} ${from.join('+')}>${to.join('+')}`);

describe('identities of segments', () => {
  it('are numbers of their own in the first run', () => {
    expect(firstIdentities(3)).toEqual({ ids: [0, 1, 2], nextId: 3 });
  });

  it('follow the customers, not the numbers of the clusters', () => {
    const matched = matchMoves([...repeat(60, 0, 1), ...repeat(40, 1, 0)], { ids: [7, 4], nextId: 9 }, 2);
    expect(matched.ids).toEqual([4, 7]);
    expect(matched.nextId).toBe(9);
    expect(kinds(matched)).toEqual(['kept 7>7', 'kept 4>4']);
    expect(matched.events[0]).toMatchObject({ by: 'overlap', similarity: 1 });
  });

  it('name a planted split: the larger part keeps the id', () => {
    const matched = matchMoves(
      [...repeat(60, 0, 0), ...repeat(40, 0, 2), ...repeat(50, 1, 1)],
      firstIdentities(2),
      3,
    );
    expect(matched.ids).toEqual([0, 1, 2]);
    expect(kinds(matched)).toEqual(['split 0>0+2', 'kept 1>1']);
    expect(matched.events[0]?.overlaps).toEqual([
      { from: 0, to: 0, shared: 60, jaccard: 0.6, shareOfFrom: 0.6, shareOfTo: 1 },
      { from: 0, to: 2, shared: 40, jaccard: 0.4, shareOfFrom: 0.4, shareOfTo: 1 },
    ]);
  });

  it('name a planted merger: the larger part gives its id', () => {
    const matched = matchMoves(
      [...repeat(30, 0, 1), ...repeat(70, 1, 1), ...repeat(50, 2, 0)],
      firstIdentities(3),
      2,
    );
    expect(matched.ids).toEqual([2, 1]);
    expect(kinds(matched)).toEqual(['merged 0+1>1', 'kept 2>2']);
  });

  it('give new ids to all parts where no part is like the whole', () => {
    const parts = [0, 1, 2, 3].flatMap((part) => repeat(25, 0, part));
    const matched = matchMoves(parts, firstIdentities(1), 4);
    expect(matched.ids).toEqual([1, 2, 3, 4]);
    expect(kinds(matched)).toEqual(['split 0>1+2+3+4']);
  });

  it('tell who was born of new customers and who died with theirs', () => {
    const matched = matchMoves(
      [...repeat(50, 0, 0), ...repeat(30, 1, undefined), ...repeat(40, undefined, 1)],
      firstIdentities(2),
      2,
    );
    expect(matched.ids).toEqual([0, 2]);
    expect(kinds(matched)).toEqual(['kept 0>0', 'born >2', 'died 1>']);
  });

  it('do not let a few familiar customers speak for many new ones', () => {
    const matched = matchMoves(
      [...repeat(95, 0, 0), ...repeat(5, 0, 1), ...repeat(500, undefined, 1)],
      firstIdentities(1),
      2,
    );
    expect(kinds(matched)).toEqual(['kept 0>0', 'born >1']);
  });

  it('fall back to centers when hardly anybody is in both runs', () => {
    const moves = [
      ...repeat(50, 0, undefined),
      ...repeat(50, 1, undefined),
      ...repeat(40, undefined, 0),
      ...repeat(60, undefined, 1),
    ];
    const near = {
      before: [
        [0, 0],
        [10, 0],
      ],
      after: [
        [9, 0],
        [1, 0],
      ],
    };
    const matched = matchMoves(moves, firstIdentities(2), 2, near);
    expect(matched.ids).toEqual([1, 0]);
    expect(matched.events.map(({ by, similarity }) => [by, similarity])).toEqual([
      ['centers', 0.875],
      ['centers', 0.875],
    ]);
    const far = {
      before: [
        [0, 0],
        [10, 0],
      ],
      after: [
        [5, 30],
        [5, 40],
      ],
    };
    expect(kinds(matchMoves(moves, firstIdentities(2), 2, far))).toEqual([
      'born >2',
      'born >3',
      'died 0>',
      'died 1>',
    ]);
    expect(matchMoves(moves, firstIdentities(2), 2).ids).toEqual([2, 3]);
  });

  it('never come back once they are gone', () => {
    const died = matchMoves([...repeat(50, 0, 0), ...repeat(30, 1, undefined)], firstIdentities(2), 1);
    const again = matchMoves([...repeat(50, 0, 0), ...repeat(30, undefined, 1)], died, 2);
    expect(again.ids).toEqual([0, 2]);
  });

  it('survive any renumbering with a tenth of the customers moved at random', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 2, max: 10 }), (seed, k) => {
        const random = new Random(seed);
        const renumbered = random.shuffle(Array.from({ length: k }, (_, i) => i));
        const before = Array.from({ length: 600 }, (_, i) => (i < 40 * k ? i % k : random.integer(k)));
        const moved = new Set(random.sample(before.length, before.length / 10));
        const moves = before.map(
          (label, i) => [label, moved.has(i) ? random.integer(k) : renumbered[label]!] as const,
        );
        const matched = matchMoves(random.shuffle([...moves]), firstIdentities(k), k);
        renumbered.forEach((to, from) => {
          expect(matched.ids[to]).toBe(from);
        });
        expect(matched.events.every(({ kind }) => kind === 'kept')).toBe(true);
      }),
    );
  });

  it('survive a tenth of the customers leaving and another tenth coming', () => {
    const moves = [0, 1, 2].flatMap((c) => [
      ...repeat(90, c, 2 - c),
      ...repeat(10, c, undefined),
      ...repeat(10, undefined, 2 - c),
    ]);
    expect(matchMoves(moves, firstIdentities(3), 3).ids).toEqual([2, 1, 0]);
  });

  it('differ within a run, and every segment of both runs is named by an event', () => {
    const move = fc.tuple(
      fc.integer({ min: -2, max: 5 }),
      fc.integer({ min: -2, max: 5 }),
      fc.integer({ min: 1, max: 80 }),
    );
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 30 }), (cells) => {
        const moves = cells.flatMap(([from, to, n]) => repeat(n, from, to));
        const matched = matchMoves(moves, { ids: [10, 11, 12, 13, 14, 15], nextId: 16 }, 6);
        expect(new Set(matched.ids).size).toBe(6);
        const named = (side: 'from' | 'to') => new Set(matched.events.flatMap((event) => event[side]));
        expect(named('from')).toEqual(new Set([10, 11, 12, 13, 14, 15]));
        expect(named('to')).toEqual(new Set(matched.ids));
        expect(matched.nextId).toBe(16 + matched.ids.filter((id) => id >= 16).length);
      }),
    );
  });

  it('have their thresholds printed in the documentation', () => {
    const text = readFileSync('docs/algorithms.md', 'utf8');
    const rows = Object.entries(IDENTITY_THRESHOLDS).map(([name, value]) => `| \`${name}\` | ${value} |`);
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });

  it('fail for ids that are not one per former cluster', () => {
    expect(() => matchMoves([], { ids: [], nextId: 0 }, 0)).not.toThrow();
    expect(() =>
      matchSegments(firstIdentities(2), {
        counts: new MembershipCounts(),
        sizes: { before: [1], after: [] },
      }),
    ).toThrow(/1 clusters and 2 ids/);
  });
});

describe('counts of customers by former and new cluster', () => {
  it('are the same however the customers are shared out and merged', () => {
    const customer = fc.record({
      before: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }),
      after: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }),
      bucket: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(customer, { maxLength: 60 }), (customers) => {
        const counted = (members: typeof customers) => {
          const side = (which: 'before' | 'after') => {
            const present = members.flatMap((one) =>
              one[which] === undefined ? [] : [[one, one[which]] as const],
            );
            return {
              ids: present.map(([one]) => `c${customers.indexOf(one)}`),
              labels: present.map(([, label]) => label),
            };
          };
          const counts = new MembershipCounts();
          counts.addBucket(side('before'), side('after'));
          return counts.toJSON();
        };
        const parts = [3, 1, 0, 2].map((bucket) => counted(customers.filter((one) => one.bucket === bucket)));
        expect(MembershipCounts.from(parts).toJSON()).toEqual(counted(customers));
      }),
    );
  });
});
