import type { StepReport } from '../contracts/api-runs.ts';
import type { StepProgress } from '../contracts/records.ts';
import { type DrilldownStep, STEPS, type Step } from '../contracts/workflow.ts';

/** Progress and timing of every step that has begun, in the order of the workflow. */
export function stepReports<S extends StepProgress['step'] = Step>(
  {
    startedAt,
    itemsPerStep,
  }: { readonly startedAt: string; readonly itemsPerStep?: Partial<Record<S, number>> | undefined },
  progress: readonly StepProgress[],
  steps: readonly S[] = STEPS as readonly (Step | DrilldownStep)[] as readonly S[],
): (Omit<StepReport, 'step'> & { readonly step: S })[] {
  // A run that was taken over after a failure still has the reports of its first attempt.
  const current = progress.filter((report) => report.updatedAt >= startedAt);
  return steps.flatMap((step) => {
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
