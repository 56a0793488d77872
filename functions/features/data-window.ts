/**
 * The earliest instant of a window that ends at `referenceMs`: as many calendar months before it (UTC), at the same time
 * of day; a day that the month does not have becomes its last one (31 August − 6 months = 28 or 29 February).
 */
export function windowStart(referenceMs: number, months: number): number {
  const reference = new Date(referenceMs);
  const first = new Date(referenceMs);
  first.setUTCDate(1);
  first.setUTCMonth(first.getUTCMonth() - months);
  const daysInMonth = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(reference.getUTCDate(), daysInMonth));
  return first.getTime();
}
