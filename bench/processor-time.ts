/**
 * Seconds of the processor, user and system, of this process so far: on a shared machine waiting for it must not count. What
 * the collector and the compiler take beside the one thread does.
 */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
