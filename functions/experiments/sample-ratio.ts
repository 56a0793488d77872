import { chiSquareTail } from '../stats/chi-square.ts';

/** Whether visitors were parted as they should have been. */
export interface SampleRatio {
  /** Pearson's statistic; variants that were to get nobody are left out. */
  readonly chiSquare: number;
  readonly pValue: number;
  /** True below 0.01: visitors are lost, or counted double, on the way. */
  readonly mismatch: boolean;
}

/** A mismatch is a defect of the set-up, not a finding: hence a stricter level than that of findings. */
const LEVEL = 0.01;
/** Fewer expected in a variant, and the approximation does not hold. */
const LEAST_EXPECTED = 5;

/**
 * Chi-square test of how many each variant got against how many it was to get; undefined where one was to get fewer than 5.
 * Where chances changed while visitors came, the expectation is the sum of their chances, and the test errs on the safe side.
 */
export function sampleRatio(
  observed: readonly number[],
  expected: readonly number[],
): SampleRatio | undefined {
  const cells = observed.map((count, v) => [count, expected[v] ?? 0] as const).filter(([, e]) => e > 0);
  if (cells.length < 2 || cells.some(([, e]) => e < LEAST_EXPECTED)) return undefined;
  const chiSquare = cells.reduce((sum, [count, e]) => sum + (count - e) ** 2 / e, 0);
  const pValue = chiSquareTail(chiSquare, cells.length - 1);
  return { chiSquare, pValue, mismatch: pValue < LEVEL };
}
