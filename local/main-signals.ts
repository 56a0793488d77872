/** Calls back at SIGINT or SIGTERM; then the signal does what it would have done, unless others listen to it too. */
export function onSignals(callback: () => Promise<void>): () => void {
  const listener = async (signal: NodeJS.Signals) => {
    stop();
    await callback().catch(() => {});
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const stop = () => {
    process.off('SIGINT', listener).off('SIGTERM', listener);
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return stop;
}
