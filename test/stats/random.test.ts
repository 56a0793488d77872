import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';

const drawn = (random: Random, count: number) => Array.from({ length: count }, () => random.uint32());

describe('Random', () => {
  it('repeats itself for one seed and differs for another', () => {
    expect(drawn(new Random(42), 8)).toEqual(drawn(new Random(42), 8));
    expect(drawn(new Random(42), 8)).not.toEqual(drawn(new Random(43), 8));
  });

  it('follows the published step of xoshiro128**', () => {
    // The reference step in plain arithmetic of BigInt, on the state our seeding leaves.
    const random = new Random(7);
    const outputs = drawn(random, 200);
    const mask = 0xffffffffn;
    const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
    const s = seededReference(7);
    const expected = outputs.map(() => {
      const result = (rotate((s[1]! * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1]! << 9n) & mask;
      s[2]! ^= s[0]!;
      s[3]! ^= s[1]!;
      s[1]! ^= s[2]!;
      s[0]! ^= s[3]!;
      s[2]! ^= t;
      s[3] = rotate(s[3]!, 11n);
      return Number(result);
    });
    expect(outputs).toEqual(expected);
  });

  it('forks by path alone, however much was drawn before', () => {
    const early = new Random(1).fork(3);
    const late = new Random(1);
    drawn(late, 10);
    expect(drawn(late.fork(3), 5)).toEqual(drawn(early, 5));
    expect(drawn(new Random(1).fork(3), 5)).not.toEqual(drawn(new Random(1).fork(4), 5));
    expect(drawn(new Random(1).fork(2).fork(3), 5)).not.toEqual(drawn(new Random(1).fork(3).fork(2), 5));
  });

  it('draws uniforms of mean 1/2 and variance 1/12 inside [0, 1)', () => {
    const random = new Random(5);
    const values = Array.from({ length: 40_000 }, () => random.uniform());
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
  });

  it('draws every integer below a bound equally often', () => {
    const random = new Random(9);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    // 99.99 % quantile of chi-square with 5 degrees of freedom.
    expect(chiSquare).toBeLessThan(25.7);
    expect(new Random(1).integer(1)).toBe(0);
  });

  it('draws normals with the moments asked for', () => {
    const random = new Random(11);
    const values = Array.from({ length: 40_000 }, () => random.normal(3, 2));
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - 3)).toBeLessThan(0.05);
    expect(Math.abs(variance - 4)).toBeLessThan(0.15);
  });

  it('shuffles into a permutation and samples without repeats', () => {
    const values = new Random(2).shuffle(Int32Array.from({ length: 50 }, (_, i) => i));
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...values]).not.toEqual(Array.from({ length: 50 }, (_, i) => i));
    const sample = new Random(2).sample(1000, 20);
    expect(new Set(sample).size).toBe(20);
    expect([...sample]).toEqual([...sample].sort((a, b) => a - b));
    expect([...new Random(2).sample(4, 4)]).toEqual([0, 1, 2, 3]);
  });

  it('fails for a bound or a sample size out of range', () => {
    expect(() => new Random(1).integer(0)).toThrow(RangeError);
    expect(() => new Random(1).integer(1.5)).toThrow(/not 1.5/);
    expect(() => new Random(1).sample(3, 4)).toThrow('Cannot draw 4 different numbers out of 3.');
  });
});

/** The seeding of `Random`, written once more with BigInt. */
function seededReference(seed: number): bigint[] {
  const mask = 0xffffffffn;
  const mix = (value: bigint) => {
    let z = value & mask;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & mask;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  };
  const stirred = mix(BigInt(seed) + 0x9e3779b9n);
  return [1n, 2n, 3n, 4n].map((i) => mix(stirred + i * 0x9e3779b9n));
}
