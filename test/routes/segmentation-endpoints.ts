import { allRoutes } from '../../functions/routes/all-routes.ts';
import { campaignRoutes } from '../../functions/routes/campaigns-table.ts';
import { experimentRoutes, trainingRoutes } from '../../functions/routes/experiments-table.ts';
import type { Route } from '../../functions/routes/route.ts';
import { plantedLeads, REFERENCE_AT } from '../segmentation/planted-leads.ts';
import type { Call } from './api-fixture.ts';
import { LEADS_FILE } from './segmented-leads.ts';

/** A request that succeeds on `segmentedLeads` with a webhook `crm`; in `path`, `{runId}` is the run that is served. */
export type Sound = Omit<Call, 'method' | 'path'> & { readonly path?: string };

const files = [LEADS_FILE];
const record = plantedLeads(1)[0]!;

/** One sound request of every route of segmentation and of what belongs to it, by method and path. */
export const soundRequests: Readonly<Record<string, Sound>> = {
  'POST /api/segmentation/cluster': {
    body: { leads: plantedLeads(120), max_data_age_months: null, reference_at: REFERENCE_AT },
  },
  'GET /api/segmentation/cluster': {},
  'GET /api/segmentation/list': {},
  'GET /api/segmentation/outliers': {},
  'PUT /api/segmentation/update': { body: { cluster_id: 0, action_recommendations: ['Ligar hoje'] } },
  'GET /v1/segments': {},
  'GET /v1/segments/{segmentId}/members': { path: '/v1/segments/0/members' },
  'GET /v1/segments/{segmentId}/members/download': { path: '/v1/segments/0/members/download' },
  'POST /v1/segments/preview': { body: { records: [record] } },
  'GET /v1/customers/{customerId}/segment': { path: '/v1/customers/stray-0/segment' },
  'GET /v1/customers/{customerId}/explanation': { path: '/v1/customers/stray-0/explanation' },
  'GET /v1/runs': {},
  'POST /v1/runs': { body: { dataset: 'leads', files } },
  'GET /v1/runs/{runId}': {},
  'GET /v1/runs/{runId}/flow': {},
  'GET /v1/runs/{runId}/quality': {},
  'GET /v1/runs/{runId}/labels': {},
  'GET /v1/runs/{runId}/segmentation': {},
  'GET /v1/runs/{runId}/tree': {},
  'GET /v1/datasets': {},
  'GET /v1/datasets/{dataset}': { path: '/v1/datasets/leads' },
  'PUT /v1/datasets/{dataset}': { path: '/v1/datasets/leads', body: { kind: 'leads' } },
  'POST /v1/datasets/{dataset}/inference': { path: '/v1/datasets/leads/inference', body: { files } },
  'POST /v1/datasets/{dataset}/score': {
    path: '/v1/datasets/leads/score',
    body: { record },
  },
  'POST /v1/datasets/{dataset}/rollback': { path: '/v1/datasets/leads/rollback', body: {} },
  'DELETE /v1/datasets/{dataset}': { path: '/v1/datasets/leads' },
  'GET /v1/webhooks': {},
  'GET /v1/webhooks/{webhookId}': { path: '/v1/webhooks/crm' },
  'PUT /v1/webhooks/{webhookId}': {
    path: '/v1/webhooks/crm',
    body: { url: 'https://crm.example.com/hook', rotateSecret: true },
  },
  'GET /v1/webhooks/{webhookId}/deliveries': { path: '/v1/webhooks/crm/deliveries' },
  'DELETE /v1/webhooks/{webhookId}': { path: '/v1/webhooks/crm' },
};

const ofOthers = [...campaignRoutes, ...experimentRoutes, ...trainingRoutes];

/** Routes that `soundRequests` must know: all but campaigns, experiments, drill-downs, uploads and what has no data of anybody. */
export const segmentationEndpoints: readonly Route[] = allRoutes.filter(
  (route) =>
    route.scope !== undefined &&
    !ofOthers.includes(route) &&
    !/^\/(api\/v1\/ai|segment|v1\/uploads|v1\/drilldowns)\/|\/drilldown$|^\/v1\/uploads/.test(route.path),
);

/** Method and path of a route. */
export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`;
