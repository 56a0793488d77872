import type { StepReport } from '../contracts/api-runs.ts';
import type { RunRecord, StepProgress } from '../contracts/records.ts';
import { STEPS } from '../contracts/workflow.ts';

/** Progress and timing of every step that has begun, in the order of the workflow. */
export function stepReports(
  { startedAt, itemsPerStep }: Pick<RunRecord, 'startedAt' | 'itemsPerStep'>,
  progress: readonly StepProgress[],
): StepReport[] {
  // A run that was taken over after a failure still has the reports of its first attempt.
  const current = progress.filter((report) => report.updatedAt >= startedAt);
  return STEPS.flatMap((step) => {
    const reports = current.filter((report) => report.step === step);
    if (reports.length === 0) return [];
    // ISO times in UTC sort as text.
    const from = reports.map((report) => report.startedAt).sort()[0] ?? startedAt;
    const to =
      reports
        .map((report) => report.updatedAt)
        .sort()
        .at(-1) ?? from;
    const having = (status: StepProgress['status']) => reports.filter((r) => r.status === status).length;
    return [
      {
        step,
        items: {
          total: Math.max(itemsPerStep?.[step] ?? 0, reports.length),
          done: having('done'),
          failed: having('failed'),
        },
        rows: reports.reduce((sum, { rows }) => sum + rows, 0),
        startedAt: from,
        updatedAt: to,
        durationMs: Date.parse(to) - Date.parse(from),
        peakMemoryMb: reports.reduce((peak, { peakMemoryMb }) => Math.max(peak, peakMemoryMb), 0),
      },
    ];
  });
}
