import { z } from 'zod';
import { reviewExperiment } from '../review-experiment.ts';
import { type StepContext, stepHandler } from '../shell.ts';

const inputSchema = z.object({ scheduledAt: z.iso.datetime() });

/** What one look at all experiments did. */
export interface ReviewExperimentsResult {
  readonly nExperiments: number;
  readonly nActivated: number;
  readonly nRetrained: number;
  readonly nAlerts: number;
}

/**
 * Looks at every experiment of every tenant, every six hours (S2-24). One that cannot be looked at does not keep the others
 * from it.
 * @throws the first failure, after all were tried
 */
export async function reviewExperiments(
  _input: { scheduledAt: string },
  { ports, log, progress }: StepContext,
): Promise<ReviewExperimentsResult> {
  const experiments = await ports.experiments.all();
  const result = { nExperiments: experiments.length, nActivated: 0, nRetrained: 0, nAlerts: 0 };
  let failure: unknown;
  for (const [n, ref] of experiments.entries()) {
    try {
      const { activated, retrained, alerts } = await reviewExperiment(ports, ref);
      result.nActivated += Number(activated);
      result.nRetrained += Number(retrained);
      result.nAlerts += alerts.length;
    } catch (error) {
      failure ??= error;
      log.error('experiment not reviewed', { ...ref, error: String(error) });
    }
    progress(n + 1);
  }
  if (failure !== undefined) throw failure;
  return result;
}

export const handler = stepHandler('ReviewExperiments', inputSchema, reviewExperiments);
