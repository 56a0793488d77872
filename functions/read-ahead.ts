/** Reads under way at once: enough to hide a store's latency, few enough to bound memory. */
const AHEAD = 8;

/** Results of `read(0) … read(n − 1)` in order, with a bounded number of reads under way. */
export async function* readAhead<T>(
  n: number,
  read: (index: number) => Promise<T>,
  ahead = AHEAD,
): AsyncGenerator<T> {
  const pending: Promise<T>[] = [];
  for (let next = 0; next < n || pending.length > 0; ) {
    while (next < n && pending.length < ahead) {
      const started = read(next++);
      // Observed when its turn comes; until then a failure must not count as unhandled.
      started.catch(() => {});
      pending.push(started);
    }
    yield await (pending.shift() as Promise<T>);
  }
}
