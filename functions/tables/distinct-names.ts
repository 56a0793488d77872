/** Names nobody gave become c1, c2, …; names given twice get a number, as `price.1`, so that every name is one column. */
export function distinctNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  const seen = new Map<string, number>();
  return header.map((name, i) => {
    const wanted = name || `c${i + 1}`;
    let free = wanted;
    for (let n = seen.get(wanted) ?? 1; taken.has(free); n++) {
      free = `${wanted}.${n}`;
      seen.set(wanted, n + 1);
    }
    taken.add(free);
    return free;
  });
}
