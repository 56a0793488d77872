import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelWithMargin, marginForBudget } from '../../functions/segments/border-customers.ts';
import { flowReport } from '../../functions/segments/flow.ts';
import { MembershipCounts } from '../../functions/segments/membership-counts.ts';
import { causeOfMove, MOVE_CAUSES, MoveCauses } from '../../functions/segments/move-causes.ts';
import { QuantileDigest } from '../../functions/stats/quantiles.ts';

describe('the flow between two runs', () => {
  it('says who went where, who came and who left', () => {
    const counts = new MembershipCounts();
    for (const cell of [
      [0, 1, 50],
      [1, 0, 30],
      [0, 0, 5],
      [-2, 0, 7],
      [1, -2, 3],
      [-1, 1, 2],
    ] as const) {
      counts.add(cell[0], cell[1], cell[2]);
    }
    expect(flowReport(counts, [8, 4], [4, 8])).toEqual({
      from: [
        { place: 8, size: 55 },
        { place: 4, size: 33 },
        { place: 'noise', size: 2 },
        { place: 'entered', size: 7 },
      ],
      to: [
        { place: 4, size: 42 },
        { place: 8, size: 52 },
        { place: 'left', size: 3 },
      ],
      counts: [
        [5, 50, 0],
        [30, 0, 3],
        [0, 2, 0],
        [7, 0, 0],
      ],
      stayed: 80,
      moved: 7,
      entered: 7,
      left: 3,
    });
  });

  it('has rows and columns that sum to the sizes of the segments, whoever moved', () => {
    const label = fc.integer({ min: -2, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label), { maxLength: 200 }), (moves) => {
        const counts = new MembershipCounts();
        for (const [from, to] of moves) counts.add(from, to);
        const { from, to, stayed, moved, entered, left } = flowReport(
          counts,
          [9, 8, 7, 6, 5],
          [5, 1, 7, 2, 9],
        );
        [9, 8, 7, 6, 5].forEach((id, c) => {
          expect(from[c]).toEqual({ place: id, size: moves.filter((move) => move[0] === c).length });
        });
        [5, 1, 7, 2, 9].forEach((id, c) => {
          expect(to[c]).toEqual({ place: id, size: moves.filter((move) => move[1] === c).length });
        });
        const both = moves.filter((move) => move[0] === -2 && move[1] === -2).length;
        expect(stayed + moved + entered + left - both).toBe(moves.length);
      }),
    );
  });
});

describe('causes of moves', () => {
  const cause = (newData: number, newCenters: number) =>
    causeOfMove({ before: 1, after: 2, newData, newCenters }, false);

  it('are what moves the customer alone, either or only together', () => {
    expect(cause(2, 1)).toBe('data');
    expect(cause(1, 2)).toBe('centers');
    expect(cause(2, 3)).toBe('either');
    expect(cause(1, 1)).toBe('together');
  });

  it('are nothing for who stayed, and unknown without the former features', () => {
    expect(causeOfMove({ before: 1, after: 1, newData: 2, newCenters: 2 }, false)).toBeUndefined();
    expect(causeOfMove({ before: 1, after: 2, newData: undefined, newCenters: 2 }, false)).toBe('unknown');
  });

  it('are the number of clusters where as many as before would have moved nobody', () => {
    const places = { before: 1, after: 2, newData: 2, newCenters: 1 };
    expect(causeOfMove({ ...places, formerCount: 1 }, false)).toBe('count');
    expect(causeOfMove({ ...places, formerCount: 2 }, true)).toBe('data');
    expect(causeOfMove(places, true)).toBe('count');
  });

  it('sum to the moves and are the same in whatever order parts are merged', () => {
    const id = fc.integer({ min: 0, max: 2 });
    const places = fc.record({ before: id, after: id, newData: id, newCenters: id });
    fc.assert(
      fc.property(fc.array(fc.tuple(places, fc.boolean()), { maxLength: 50 }), (moves) => {
        const whole = new MoveCauses();
        const merged = new MoveCauses();
        for (const move of moves) whole.add(...move);
        for (const move of moves.toReversed()) {
          const part = new MoveCauses();
          part.add(...move);
          merged.merge(part.toJSON());
        }
        expect(merged.toJSON()).toEqual(whole.toJSON());
        const { moved, data, centers, count, unknown } = whole.shares();
        expect(data + centers + count + unknown).toBe(moved);
        expect(moved).toBe(moves.filter(([{ before, after }]) => before !== after).length);
        // The definition of the Shapley value over the two orders of changing data and centers.
        const shapley = moves
          .filter(([{ before, after }, isLineage]) => before !== after && !isLineage)
          .reduce((sum, [{ before, newData, newCenters }]) => {
            const value = (place: number) => (place === before ? 0 : 1);
            return sum + (value(newData) + 1 - value(newCenters)) / 2;
          }, 0);
        expect(data).toBe(shapley);
      }),
    );
    expect(MOVE_CAUSES).toHaveLength(6);
  });
});

describe('customers at a border', () => {
  const centers = [[0], [10]];

  it('stay with their former segment until the other center is nearer by the margin', () => {
    expect(labelWithMargin([5.2], centers, 0, 0)).toMatchObject({ label: 1, isHeld: false });
    const held = labelWithMargin([5.2], centers, 0, 0.1);
    expect(held).toMatchObject({ label: 0, distance: 5.2, isHeld: true });
    expect(held.gain).toBeCloseTo(1 - 4.8 / 5.2, 12);
    expect(labelWithMargin([5.4], centers, 0, 0.1)).toMatchObject({ label: 1, isHeld: false });
  });

  it('go to the nearest center when they are new or their segment is gone', () => {
    expect(labelWithMargin([5.2], centers, undefined, 1)).toMatchObject({ label: 1, isHeld: false, gain: 0 });
    expect(labelWithMargin([5.2], centers, 7, 1)).toMatchObject({ label: 1, isHeld: false });
    expect(labelWithMargin([0.2], centers, 0, 0.5)).toMatchObject({ label: 0, isHeld: false });
  });

  it('keep to a churn budget: at most that many move, and those who gain most', () => {
    const gain = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(gain, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(4, 65_536),
        (gains, share, limit) => {
          const digest = new QuantileDigest(limit);
          for (const one of gains) digest.add(one);
          const margin = marginForBudget(digest, gains.length, share);
          const moving = gains.filter((one) => one > margin).length;
          expect(moving).toBeLessThanOrEqual(Math.floor(share * gains.length));
          const [next] = [...new Set(gains)].filter((one) => one < margin).sort((a, b) => b - a);
          if (digest.exact && margin > 0) {
            const one = gains.filter((other) => other > (next ?? -1)).length;
            expect(one).toBeGreaterThan(Math.floor(share * gains.length));
          }
        },
      ),
    );
  });

  it('fails for a margin or budget that is no share', () => {
    expect(() => labelWithMargin([1], centers, 0, 1.5)).toThrow(/0 to 1/);
    expect(() => marginForBudget(new QuantileDigest(), 10, -1)).toThrow(/0 to 1/);
  });
});
