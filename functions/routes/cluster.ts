import { randomUUID } from 'node:crypto';
import {
  CLUSTER_BODY_BYTES,
  type ClusterBody,
  clusterBodySchema,
  clusterQuerySchema,
  MOST_INLINE_LEADS,
} from '../contracts/api-cluster.ts';
import { clusterAnswerSchema, clusterStartedSchema } from '../contracts/api-cluster-answer.ts';
import { PREFIX } from '../contracts/env.ts';
import type { Trigger } from '../contracts/workflow.ts';
import { InvalidRequestError, PayloadTooLargeError } from '../errors.ts';
import { loadKernels } from '../kernels/instance.ts';
import type { Ports } from '../ports.ts';
import { identifyRun } from '../run-identity.ts';
import { readLeads } from '../segmentation/read-leads.ts';
import { segmentTable } from '../segmentation/segment-table.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute, type RouteAnswer } from './route.ts';

const PROBLEMS = {
  404: 'No dataset has been published, or not this one.',
  422: 'Too few leads (`min_data_points`), or too alike; the advice says what to do.',
};

/** Segments the leads in the body at once, or starts a run over a dataset. */
export const createClusters = defineRoute({
  method: 'POST',
  path: '/api/segmentation/cluster',
  scope: 'runs:write',
  summary: 'Segment leads by k-means, DBSCAN or a tree',
  description:
    `With \`leads\` (at most ${MOST_INLINE_LEADS}) the answer is computed at once and nothing is stored. Without them the ` +
    'files of the dataset are segmented by a run: 202, and `Location` tells how it goes. Ids, types and ranges are checked lead by lead.',
  body: clusterBodySchema,
  bodyBytes: CLUSTER_BODY_BYTES,
  status: 200,
  answer: clusterAnswerSchema,
  accepted: clusterStartedSchema,
  problems: {
    ...PROBLEMS,
    413: 'More leads or bytes than one request takes; the text names the limit and where to upload a file instead.',
  },
  async handle({ tenant, body }, ports) {
    if (body.leads === undefined) return startClustering(tenant, body, ports);
    return { body: await clusterLeads(tenant, body, body.leads, ports) };
  },
});

/** The source's GET, for a stored dataset. */
export const createClustersByQuery = defineRoute({
  method: 'GET',
  path: '/api/segmentation/cluster',
  scope: 'runs:write',
  summary: 'Segment a dataset: alias of the POST without leads',
  query: clusterQuerySchema,
  status: 202,
  answer: clusterStartedSchema,
  problems: { 404: PROBLEMS[404] },
  async handle({ tenant, query }, ports) {
    return startClustering(tenant, clusterBodySchema.parse(query), ports);
  },
});

async function clusterLeads(
  tenant: string,
  body: ClusterBody,
  leads: NonNullable<ClusterBody['leads']>,
  { clock }: Ports,
) {
  if (leads.length > MOST_INLINE_LEADS) throw tooManyLeads(tenant, body.dataset, leads.length);
  const now = clock.now();
  const input = await readLeads(leads, {
    idField: body.id_field,
    timeField: body.time_field,
    features: body.features,
    maxDataAgeMonths: body.max_data_age_months,
    referenceMs: body.reference_at === undefined ? now.getTime() : Date.parse(body.reference_at),
  });
  const [segmentation] = segmentTable(await loadKernels(), input, {
    algorithms: [body.algorithm],
    nClusters: body.n_clusters,
    epsilon: body.epsilon,
    minSamples: body.min_samples,
    maxDepth: body.max_depth,
    minPoints: body.min_points,
    minSilhouette: body.min_silhouette,
    contamination: body.contamination,
    minDataPoints: body.min_data_points,
    locale: body.locale,
    seed: body.seed,
  });
  return {
    success: true as const,
    ...segmentation!,
    left_out_leads: { ...input.leftOut },
    generated_at: now.toISOString(),
    ...verticalOf(body),
  };
}

function tooManyLeads(tenant: string, dataset = '{dataset}', found: number): PayloadTooLargeError {
  return new PayloadTooLargeError(
    `The body holds ${found} leads; at most ${MOST_INLINE_LEADS} are segmented at once. Upload them as a file (CSV, JSON Lines, ` +
      `Parquet, Arrow, xlsx) to ${PREFIX.drop}${tenant}/${dataset}/ in the data bucket: that starts a run of any size.`,
    {
      reason: 'too_many_leads',
      found,
      limit: MOST_INLINE_LEADS,
      uploadPath: `${PREFIX.drop}${tenant}/${dataset}/`,
    },
  );
}

/** Options that only leads in the body have: a run goes by the configuration of its dataset. */
const LEADS_ONLY = [
  'features',
  'min_points',
  'contamination',
  'id_field',
  'time_field',
  'reference_at',
] as const;

async function startClustering(
  tenant: string,
  body: ClusterBody,
  ports: Ports,
): Promise<RouteAnswer<Started> & { status: 202 }> {
  const misplaced = LEADS_ONLY.filter((name) => body[name] !== undefined);
  if (misplaced.length > 0) {
    throw new InvalidRequestError(
      `Invalid input: ${misplaced.join(', ')} need \`leads\` in the body. A run over a dataset goes by its configuration: ` +
        'PUT /v1/datasets/{dataset}.',
      { reason: 'needs_leads' },
    );
  }
  const { dataset, request } = await publishedDataset(ports, tenant, body.dataset);
  const { n_clusters, seed, algorithm } = body;
  const nClusters = n_clusters === 'auto' ? { min: 3, max: 10 } : n_clusters;
  const trigger: Trigger = { trigger: 'api', tenant, dataset, request: { ...request, nClusters, seed } };
  const identity = await identifyRun(trigger, ports);
  if (identity === undefined) throw new Error('a published dataset names no files');
  const { runId } = identity.run;
  await ports.workflow.start(`api-${randomUUID()}`, trigger);
  return {
    status: 202,
    body: {
      success: true,
      algorithm,
      dataset,
      run_id: runId,
      status: 'running',
      generated_at: ports.clock.now().toISOString(),
      ...verticalOf(body),
    },
    headers: { location: `/v1/runs/${encodeURIComponent(runId)}`, 'retry-after': '1' },
  };
}

type Started = ReturnType<typeof clusterStartedSchema.parse>;

function verticalOf({ client_vertical, vertical }: ClusterBody): { client_vertical?: string } {
  const label = client_vertical ?? vertical;
  return label === undefined ? {} : { client_vertical: label };
}
