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
export function suspectedMissing(values: Iterable<SeenValue>, nValues: number): SuspectedMissing[] {
  const words: SuspectedMissing[] = [];
  const numbers: SeenNumber[] = [];
  for (const { text, count, traits } of values) {
    if ((traits & TRAITS.missingWord) !== 0) words.push({ value: text, count, reason: 'word' });
    if ((traits & TRAITS.point) === 0) continue;
    const value = Number(text);
    if (Number.isFinite(value)) numbers.push({ text, count, value });
  }
  const sentinels = (numbers.length === 0 ? [] : [leastOf(numbers), mostOf(numbers)])
    .filter(({ text, count }) => SENTINEL.test(text) && count >= LEAST_SHARE * nValues)
    .filter(({ value }) => isFarOut(value, numbers))
    .map(({ text, count }) => ({ value: text, count, reason: 'sentinel_number' }) as const);
  return [...words, ...sentinels].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

interface SeenNumber {
  readonly text: string;
  readonly count: number;
  readonly value: number;
}

const leastOf = (numbers: readonly SeenNumber[]) =>
  numbers.reduce((least, number) => (number.value < least.value ? number : least));

const mostOf = (numbers: readonly SeenNumber[]) =>
  numbers.reduce((most, number) => (number.value >= most.value ? number : most));

/** Whether the smallest or largest of some numbers lies far beyond, or on the other side of zero from, the others. */
function isFarOut(extreme: number, numbers: readonly SeenNumber[]): boolean {
  const others = numbers.filter(({ value }) => value !== extreme);
  if (others.length < 2) return false;
  const [least, most] = [leastOf(others).value, mostOf(others).value];
  if (extreme < 0 && least >= 0) return true;
  return extreme > 1 && extreme - most > GAP * (most - least);
}
