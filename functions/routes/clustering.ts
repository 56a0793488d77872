import {
  clusteringStatusSchema,
  trainAnswerSchema,
  trainBodySchema,
} from '../contracts/api-experiment-segmentation.ts';
import { experimentPathSchema } from '../contracts/api-experiments.ts';
import type { RunRecord } from '../contracts/records.ts';
import { isStale } from '../experiments/cluster-training.ts';
import { trainClusters } from '../train-clusters.ts';
import { stateOf } from './experiment-state.ts';
import { defineRoute } from './route.ts';

/** What is served, and what became of the last training (S2-08). */
export const clusteringStatus = defineRoute({
  method: 'GET',
  path: '/api/v1/segmentation/{experimentId}/clustering/status',
  scope: 'experiments:read',
  summary: 'The clusters that are served, and the last training',
  params: experimentPathSchema,
  status: 200,
  answer: clusteringStatusSchema,
  problems: { 404: 'There is no such experiment.' },
  async handle({ tenant, params: { experimentId: experiment_id } }, ports) {
    const { experiment } = await stateOf(ports, { tenant, experiment_id });
    const { training } = experiment;
    // The run before what is served: a run that is told to have succeeded is then told as served, too.
    const last = training && (await ports.runs.get(tenant, training.run_id));
    const served = await ports.runs.dataset(tenant, experiment_id);
    const run = served && (await ports.runs.get(tenant, served.currentRunId));
    return {
      body: {
        experiment_id,
        is_trained: served !== undefined,
        is_stale: served !== undefined && isStale(served.publishedAt, ports.clock.now().getTime()),
        algorithm: 'kmeans' as const,
        n_clusters: run?.nSegments ?? null,
        trained_at: served?.publishedAt ?? null,
        silhouette_score: run?.scores?.silhouette ?? null,
        samples_trained_on: run?.nEntities ?? null,
        model_version: served?.currentRunId ?? null,
        last_training: training
          ? {
              run_id: training.run_id,
              status: last?.status ?? ('starting' as const),
              requested_at: training.requested_at,
              samples: training.samples,
              problem: problemOf(last),
            }
          : null,
      },
    };
  },
});

/** Finds clusters (S2-09). */
export const trainClustering = defineRoute({
  method: 'POST',
  path: '/api/v1/segmentation/{experimentId}/clustering/train',
  scope: 'experiments:write',
  summary: 'Find clusters of an experiment’s visitors',
  description:
    'The training goes on by itself: follow `…/clustering/status`. Until it has succeeded, the former clusters are served.',
  params: experimentPathSchema,
  body: trainBodySchema,
  status: 202,
  answer: trainAnswerSchema,
  problems: {
    404: 'There is no such experiment.',
    422: 'Fewer than 1,000 visitors were allocated; the answer says how many are missing.',
  },
  async handle({ tenant, params: { experimentId: experiment_id }, body }, ports) {
    const request = { nClusters: body.n_clusters, force: body.force_retrain };
    const { started, run_id, samples, requested_at } = await trainClusters(
      ports,
      { tenant, experiment_id },
      request,
    );
    return {
      body: {
        status: started ? ('training' as const) : ('up_to_date' as const),
        run_id,
        samples,
        requested_at,
      },
      headers: { location: `/api/v1/segmentation/${experiment_id}/clustering/status` },
    };
  },
});

function problemOf(run: RunRecord | undefined): string | null {
  return run?.problem?.detail ?? null;
}
