import { TRAITS } from './cell-traits.ts';
import type { SeenValue } from './distinct-sketch.ts';

/** A value that probably stands for "no value". */
export interface SuspectedMissing {
  readonly value: string;
  readonly count: number;
  readonly reason: 'word' | 'sentinel_number';
}

/** Digits that people use for "none": one digit repeated, with a minus or without. */
const SENTINEL = /^-?(9{2,}|1)(?:\.0+)?$/;

/** How far beyond the other values, in their range, a number must lie to be taken for a sentinel. */
const GAP = 1;

/** Smallest share of a column that a sentinel number has. */
const LEAST_SHARE = 0.01;

/**
 * Values of a column that probably stand for "no value": words such as Select, ?, NULL or unknown; and numbers such as
 * 999 or −1 that come often and lie far beyond, or on the other side of zero from, all others.
 */
export function suspectedMissing(values: readonly SeenValue[], nValues: number): SuspectedMissing[] {
  const words = values
    .filter(({ traits }) => (traits & TRAITS.missingWord) !== 0)
    .map(({ text, count }) => ({ value: text, count, reason: 'word' }) as const);
  const numbers = values
    .filter(({ traits }) => (traits & TRAITS.point) !== 0)
    .map(({ text, count }) => ({ text, count, value: Number(text) }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.value - b.value);
  const sentinels = [numbers[0], numbers.at(-1)]
    .filter(
      (number) => number !== undefined && SENTINEL.test(number.text) && number.count >= LEAST_SHARE * nValues,
    )
    .filter((number) => {
      const others = numbers.filter(({ value }) => value !== number!.value);
      if (others.length < 2) return false;
      const [least, most] = [others[0]!.value, others.at(-1)!.value];
      const { value } = number!;
      if (value < 0 && least >= 0) return true;
      return value > 1 && value - most > GAP * (most - least);
    })
    .map((number) => ({ value: number!.text, count: number!.count, reason: 'sentinel_number' }) as const);
  return [...words, ...sentinels].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
