import { createHash, randomUUID } from 'node:crypto';
import { datasetConfigSchema } from './contracts/dataset.ts';
import { PREFIX } from './contracts/env.ts';
import type { TrainingRecord } from './contracts/experiment.ts';
import type { Trigger } from './contracts/workflow.ts';
import { saveConfig } from './dataset-configs.ts';
import { InsufficientDataError } from './errors.ts';
import { changeExperiment } from './experiment-definitions.ts';
import type { ExperimentRef } from './experiment-ports.ts';
import {
  contextRow,
  contextsConfig,
  isStale,
  LEAST_ASSIGNMENTS,
  MOST_ASSIGNMENTS,
} from './experiments/cluster-training.ts';
import type { Ports } from './ports.ts';
import { identifyRun } from './run-identity.ts';

type Stores = Pick<Ports, 'experiments' | 'configs' | 'runs' | 'objects' | 'workflow' | 'clock'>;

/** What is asked of a training. */
export interface TrainingRequest {
  /** As configured where it is left out; null chooses. */
  readonly nClusters?: number | null | undefined;
  /** Although the clusters that are served are not old. */
  readonly force?: boolean;
}

/** What became of it. */
export interface StartedTraining extends TrainingRecord {
  readonly started: boolean;
}

/**
 * Finds clusters of an experiment's visitors: writes their contexts as a dataset of its own and starts the workflow on it,
 * which publishes the clusters when it succeeds. The run is named by its content: two trainings at once on the same visitors
 * are one run, and of two runs the one asked for last is served.
 * @throws NotFoundError, InsufficientDataError below 1,000 assignments
 */
export async function trainClusters(
  stores: Stores,
  ref: ExperimentRef,
  { nClusters, force = false }: TrainingRequest = {},
): Promise<StartedTraining> {
  const { tenant, experiment_id: dataset } = ref;
  // Also the check that there is such an experiment.
  const experiment = await changeExperiment(stores, ref, () => undefined);
  const served = await stores.runs.dataset(tenant, dataset);
  const now = stores.clock.now();
  if (!force && served && !isStale(served.publishedAt, now.getTime())) {
    return {
      started: false,
      run_id: served.currentRunId,
      execution_id: '',
      requested_at: served.publishedAt,
      samples: experiment.training?.samples ?? 0,
    };
  }
  const assignments = await stores.experiments.assignments(ref, MOST_ASSIGNMENTS);
  const missing = LEAST_ASSIGNMENTS - assignments.length;
  if (missing > 0) {
    throw new InsufficientDataError(
      `Clusters need at least ${LEAST_ASSIGNMENTS} assignments; there are ${assignments.length}, so ${missing} are missing. Train again when they have come.`,
      { reason: 'too_few_assignments', required: LEAST_ASSIGNMENTS, found: assignments.length, missing },
    );
  }
  const lines = assignments.map(({ user, context }) =>
    JSON.stringify({ visitor: user, ...contextRow(context) }),
  );
  const body = new TextEncoder().encode(`${lines.join('\n')}\n`);
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 24);
  const file = `${PREFIX.files}${tenant}/${dataset}/contexts-${digest}.jsonl`;
  const wanted = nClusters === undefined ? experiment.segmentation.n_clusters : nClusters;
  await stores.objects.write(file, body, 'application/x-ndjson');
  await saveConfig(stores, { tenant, dataset }, datasetConfigSchema.parse(contextsConfig(wanted)));

  const trigger: Trigger = { trigger: 'api', tenant, dataset, request: { files: [file] } };
  const identity = await identifyRun(trigger, stores);
  if (!identity) throw new Error('a request that names files is a run');
  const training: TrainingRecord = {
    run_id: identity.run.runId,
    execution_id: await stores.workflow.start(`train-${randomUUID()}`, trigger),
    requested_at: now.toISOString(),
    samples: assignments.length,
  };
  await changeExperiment(stores, ref, () => ({ training }));
  return { started: true, ...training };
}
