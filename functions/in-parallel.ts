/**
 * Runs `work` on every value, at most `concurrency` at once, and resolves to the results in the order of the values. The
 * first failure stops what has not begun, and is thrown.
 */
export async function inParallel<T, R>(
  values: Iterable<T>,
  work: (value: T) => Promise<R>,
  concurrency = 16,
): Promise<R[]> {
  const iterator = values[Symbol.iterator]();
  const results: R[] = [];
  let begun = 0;
  let failed = false;
  const worker = async () => {
    for (let next = iterator.next(); !failed && !next.done; next = iterator.next()) {
      const place = begun++;
      try {
        results[place] = await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
