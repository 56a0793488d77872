import { describe, expect, it } from 'vitest';
import {
  controlLength,
  N_MEMBERS,
  NEXT_FIT,
  partCalls,
  takeCalls,
  takeFits,
} from '../../functions/threads/crew-room.ts';

function roomOf(nMembers: number, nCalls: number) {
  const control = new Int32Array(new SharedArrayBuffer(controlLength(nMembers) * 4));
  control[N_MEMBERS] = nMembers;
  partCalls(control, nCalls);
  const none = new Float64Array(new SharedArrayBuffer(0));
  return { control, args: none, results: none };
}

describe('the calls of a round', () => {
  it('fall to each member in a part of its own first, then in what others have left', () => {
    const room = roomOf(3, 8);
    const taken: number[] = [];
    takeCalls(room, 1, (call) => taken.push(call));
    expect(taken).toEqual([2, 3, 4, 5, 6, 7, 0, 1]);
    takeCalls(room, 0, (call) => taken.push(call));
    expect(taken).toHaveLength(8);
  });

  it.each([
    [1, 5],
    [2, 13],
    [4, 3],
    [3, 0],
  ])('of %i members are the same in every round, and each is made once: %i', (nMembers, nCalls) => {
    const room = roomOf(nMembers, nCalls);
    const rounds = [0, 1].map(() => {
      partCalls(room.control, nCalls);
      const takers = new Map<number, number>();
      // Members come in turns: each makes one call, and the next comes to it in the middle of that.
      const join = (member: number): void => {
        if (member < nMembers) {
          takeCalls(room, member, (call) => {
            expect(takers.has(call)).toBe(false);
            takers.set(call, member);
            join(member + 1);
          });
        }
      };
      join(0);
      return [...takers].sort(([one], [other]) => one - other);
    });
    expect(rounds[0]!.map(([call]) => call)).toEqual(Array.from({ length: nCalls }, (_, call) => call));
    expect(rounds[1]).toEqual(rounds[0]);
  });
});

describe('the fits of a crew', () => {
  it('fall to whoever is free, each once; those from some number on to those who ask for them', () => {
    const room = roomOf(2, 0);
    const taken: number[] = [];
    takeFits(room, 2, (attempt) => {
      taken.push(attempt);
      // Another takes one in the middle of the first.
      if (attempt === 0) takeFits(room, 2, (next) => taken.push(next));
    });
    expect(taken).toEqual([0, 1]);
    takeFits(room, 3, (attempt) => taken.push(attempt));
    expect(taken).toEqual([0, 1, 2]);
    expect(room.control[NEXT_FIT]).toBe(3);
  });
});
