import { describe, expect, it } from 'vitest';
import { simulate } from '../../bench/experiment-simulation.ts';

describe('a simulation with another best variant in each segment', () => {
  const last = (policy: 'uniform' | 'global' | 'per segment', seed: number) =>
    simulate(policy, seed, 6000, 1000);

  it('loses least where segments learn by themselves, and lets no variant of a segment starve', () => {
    for (const seed of [1, 2, 3]) {
      const [uniform, global, segmented] = [
        last('uniform', seed),
        last('global', seed),
        last('per segment', seed),
      ];
      expect(segmented.regret.at(-1)!).toBeLessThan(0.7 * uniform.regret.at(-1)!);
      expect(segmented.regret.at(-1)!).toBeLessThan(global.regret.at(-1)!);
      expect(segmented.fewest).toBeGreaterThan(0);
    }
  }, 60_000);

  it('is the same for the same seed', () => {
    expect(simulate('per segment', 5, 800, 200)).toEqual(simulate('per segment', 5, 800, 200));
  });

  it('believes intervals that hold what was planted about as often as they say', () => {
    const runs = Array.from({ length: 40 }, (_, seed) => simulate('uniform', seed + 1, 1500, 500));
    const covered = runs.reduce((sum, run) => sum + run.covered, 0);
    // 360 intervals at 95%: 342 expected, 330 is three standard deviations below.
    expect(covered).toBeGreaterThan(330);
    expect(covered).toBeLessThan(355);
  }, 60_000);
});
