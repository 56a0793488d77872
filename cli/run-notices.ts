import type { StateEvent } from '../local/workflow-history.ts';
import { triggerKey } from './track.ts';

/** Final states of the workflow, in words. */
const ENDS: Readonly<Record<string, string>> = {
  Published: 'published',
  NothingToRun: 'no new run: the same content is published or under way, or there is nothing to repeat',
  RunFailed: 'failed; the run at /v1/runs says why',
};

/** A listener that writes one line when an execution begins and one when it has ended. */
export function runNotices(write: (line: string) => void): (event: StateEvent) => void {
  const keys = new Map<string, string>();
  return ({ executionArn, state, kind, input }) => {
    if (!keys.has(executionArn)) {
      const key = triggerKey(input) ?? 'a request or a schedule';
      keys.set(executionArn, key);
      write(`run started by ${key}`);
    }
    const end = ENDS[state];
    if (end === undefined || kind === 'entered' || !keys.has(executionArn)) return;
    write(`run started by ${keys.get(executionArn)}: ${end}`);
  };
}
