import type { Fold } from './backtest.ts';
import { CONFIDENCE_LEVEL } from './forecaster.ts';

/** How much wider (or narrower) than its own band a method must be to hold the share of values it promises. */
export interface Calibration {
  /**
   * Factor on the method's own half-width; where some of those are 0, a half-width in the unit of the metric.
   */
  readonly factor: number;
  /** Whether the half-widths are those of the method, not a constant 1. */
  readonly scaled: boolean;
  /** Residuals that it rests on. */
  readonly residuals: number;
  /** Share of the backtest's values inside the band, each fold against the band of all other folds; 0..1. */
  readonly coverage: number;
}

/**
 * Split conformal prediction with normalised residuals (Lei et al. 2018): the band is the method's own, times the
 * ⌈(n + 1) · 0.95⌉-th smallest of |residual| / half-width over a backtest. Residuals of neighbouring days are not
 * independent, so that the promise holds about, not exactly: `coverage` tells how it went.
 * @param halfWidth of the projection that the band is for
 * @returns undefined for fewer than 19 residuals, which no 95% band can be read off
 */
export function calibrate(folds: readonly Fold[], halfWidth: Float64Array): Calibration | undefined {
  const scaled = [halfWidth, ...folds.map((fold) => fold.halfWidth)].every((widths) =>
    widths.every((width) => width > 0),
  );
  const scores = folds.map((fold) => scoresOf(fold, scaled));
  const factor = conformalQuantile(scores.flat());
  if (factor === undefined) return undefined;
  const residuals = scores.flat().length;
  let inside = 0;
  scores.forEach((fold, i) => {
    const others = conformalQuantile(scores.filter((_, other) => other !== i).flat()) ?? factor;
    inside += fold.filter((score) => score <= others).length;
  });
  return { factor, scaled, residuals, coverage: inside / residuals };
}

function scoresOf({ actual, predicted, halfWidth }: Fold, scaled: boolean): number[] {
  const scores = [...actual].map(
    (value, i) => Math.abs(value - predicted[i]!) / (scaled ? halfWidth[i]! : 1),
  );
  return scores.filter((score) => !Number.isNaN(score));
}

function conformalQuantile(scores: readonly number[]): number | undefined {
  const rank = Math.ceil((scores.length + 1) * CONFIDENCE_LEVEL);
  return scores.toSorted((a, b) => a - b)[rank - 1];
}
