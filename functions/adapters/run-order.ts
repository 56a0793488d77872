import type { RunRecord, StepProgress } from '../contracts/records.ts';
import { ALL_STEPS } from '../contracts/workflow.ts';

/** Name of the list of a tenant's runs, which its cursors are bound to. */
export const RUN_LIST = 'runs';

/** Sorts a tenant's runs by start, and runs of one instant by id. */
export function startKey({ startedAt, runId }: Pick<RunRecord, 'startedAt' | 'runId'>): string {
  return `${startedAt}#${runId}`;
}

/** Order of progress records: as the workflow goes, then by item. */
export function byStepAndItem(a: StepProgress, b: StepProgress): number {
  return ALL_STEPS.indexOf(a.step) - ALL_STEPS.indexOf(b.step) || a.item - b.item;
}

/** What stays of the record of a run that has expired: that it was, of what, and what it came to. */
export function expiredRun(run: RunRecord, expiredAt: string): RunRecord {
  const {
    artifacts: _a,
    labelSources: _s,
    labelWrites: _w,
    itemsPerStep: _i,
    expiringBy: _b,
    expiringSince: _t,
    ...kept
  } = run;
  return { ...kept, status: 'expired', expiredAt };
}
