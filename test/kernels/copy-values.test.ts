import { describe, expect, it } from 'vitest';
import { copyValues } from '../../functions/kernels/copy-values.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';

describe('copyValues', () => {
  const { memory } = loadKernelsSync();
  const source = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));

  it.each([
    [0, 1000],
    [0, 999],
    [1, 1000],
    [17, 18],
    [500, 500],
  ])('copies values %i to %i of an array and nothing else', (from, to) => {
    const target = memory.f32(1000).fill(7);
    copyValues(target, source.subarray(from, to));
    expect([...target.subarray(0, to - from)]).toEqual([...source.subarray(from, to)]);
    expect(target.subarray(to - from).every((value) => value === 7)).toBe(true);
  });

  it('copies whole numbers, from one part of the kernels’ memory to another too', () => {
    const first = memory.i32(4);
    copyValues(first, Int32Array.of(1, -2, 3, 2 ** 31 - 1));
    const second = memory.i32(4);
    copyValues(second, first);
    expect([...second]).toEqual([1, -2, 3, 2 ** 31 - 1]);
  });
});
