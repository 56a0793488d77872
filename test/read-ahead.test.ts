import { describe, expect, it } from 'vitest';
import { readAhead } from '../functions/read-ahead.ts';

const later = <T>(value: T, ms: number) => new Promise<T>((resolve) => setTimeout(resolve, ms, value));

async function collected<T>(values: AsyncIterable<T>) {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe('reading ahead', () => {
  it('yields in order, whichever read finishes first', async () => {
    const values = await collected(readAhead(5, (i) => later(i, 10 - 2 * i), 3));
    expect(values).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps no more reads under way than it may', async () => {
    let under = 0;
    let most = 0;
    const read = async (i: number) => {
      most = Math.max(most, ++under);
      await later(i, 1);
      under--;
      return i;
    };
    await collected(readAhead(20, read, 4));
    expect(most).toBe(4);
  });

  it('reads nothing for an empty list', async () => {
    expect(await collected(readAhead(0, async () => 'never'))).toEqual([]);
  });

  it('fails with the first failure in order, after what lies before it', async () => {
    const seen: number[] = [];
    const read = async (i: number) => {
      if (i >= 2) throw new Error(`read ${i}`);
      return later(i, 5);
    };
    const consume = async () => {
      for await (const value of readAhead(5, read, 5)) seen.push(value);
    };
    await expect(consume()).rejects.toThrow('read 2');
    expect(seen).toEqual([0, 1]);
  });
});
