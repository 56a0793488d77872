/** Sums of counters by name, over any number of sets of them. */
export function addCounters(parts: Iterable<Readonly<Record<string, number>>>): Record<string, number> {
  const total = new Map<string, number>();
  for (const sums of parts) {
    for (const [name, value] of Object.entries(sums)) total.set(name, (total.get(name) ?? 0) + value);
  }
  return Object.fromEntries(total);
}
