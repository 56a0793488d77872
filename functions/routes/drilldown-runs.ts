import {
  type DrilldownRecord,
  type DrilldownRequest,
  type DrilldownState,
  drilldownPathSchema,
  drilldownStateSchema,
  exploreUploadBodySchema,
  purchasingUploadBodySchema,
  startedDrilldownSchema,
} from '../contracts/drilldown-runs.ts';
import { URL_SECONDS } from '../contracts/uploads.ts';
import { DRILLDOWN_STEPS } from '../contracts/workflow.ts';
import { ConflictError, NotFoundError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { startDrilldown } from '../start-drilldown.ts';
import { readUpload } from '../uploaded-file.ts';
import { defineRoute } from './route.ts';
import { stepReports } from './step-reports.ts';

const shared = {
  method: 'POST',
  scope: 'drilldown',
  credentials: 'customerApi',
  status: 202,
  answer: startedDrilldownSchema,
  problems: {
    404: 'There is no such upload.',
    409: 'The upload is not complete.',
  },
} as const;

/** Splits segments on the customers of an uploaded file. */
export const exploreUpload = defineRoute({
  ...shared,
  path: '/api/v1/ai/segment_subsegment_explore',
  summary: 'Micro-segments inside existing segments, of an uploaded file',
  body: exploreUploadBodySchema,
  handle: ({ tenant, body: { upload_id, ...options } }, ports) =>
    started(ports, tenant, upload_id, (file) => ({ kind: 'explore', ...file, options })),
});

/** First-level segmentation of an uploaded file. */
export const purchasingUpload = defineRoute({
  ...shared,
  path: '/api/v1/ai/purchasing_segmentation',
  summary: 'Segments of customers by purchases, of an uploaded file',
  body: purchasingUploadBodySchema,
  handle: ({ tenant, body: { upload_id, ...options } }, ports) =>
    started(ports, tenant, upload_id, (file) => ({ kind: 'segmentation', ...file, options })),
});

async function started(
  ports: Ports,
  tenant: string,
  uploadId: string,
  requestOf: (file: { uploadId: string; etag: string }) => DrilldownRequest,
) {
  const { head } = await readUpload(ports, tenant, uploadId);
  if (!head) {
    throw new ConflictError(
      `The upload ${uploadId} is not complete. PUT its parts and POST /v1/uploads/${uploadId}/complete first.`,
      { reason: 'upload_incomplete', uploadId },
    );
  }
  const record = await startDrilldown(ports, tenant, requestOf({ uploadId, etag: head.etag }));
  return accepted(record);
}

/** The answer to a request that has started a drill-down, or found it started. */
export function accepted({ runId, status }: DrilldownRecord) {
  return {
    body: { runId, status },
    headers: { location: `/v1/drilldowns/${runId}`, 'retry-after': '1' },
  };
}

/** How far a drill-down is, and its result. */
export const getDrilldown = defineRoute({
  method: 'GET',
  path: '/v1/drilldowns/{runId}',
  scope: 'drilldown',
  credentials: 'either',
  summary: 'One drill-down: its progress, then its result by URL, or why it failed',
  description: 'The URL is good for an hour; ask again for another. The result is kept for 30 days.',
  params: drilldownPathSchema,
  status: 200,
  answer: drilldownStateSchema,
  problems: { 404: 'There is no such drill-down.' },
  async handle({ tenant, params: { runId } }, ports) {
    const [record, progress] = await Promise.all([
      ports.drilldowns.get(tenant, runId),
      ports.runs.progress(tenant, runId),
    ]);
    if (!record) {
      throw new NotFoundError(`There is no drill-down ${JSON.stringify(runId)}. Check the id.`, {
        reason: 'no_such_drilldown',
        runId,
      });
    }
    const { status, request, createdAt, startedAt, finishedAt, nCustomers, nParents, problem } = record;
    const begun = startedAt ?? createdAt;
    const steps = stepReports({ startedAt: begun }, progress, DRILLDOWN_STEPS);
    const explored = steps.find(({ step }) => step === 'ExploreParent')?.rows ?? 0;
    const known = {
      startedAt,
      finishedAt,
      customers: nCustomers,
      parents: nParents === undefined ? undefined : { done: Math.min(explored, nParents), total: nParents },
      result: await resultOf(ports, record),
      problem,
    };
    const body: DrilldownState = {
      runId,
      kind: request.kind,
      status,
      createdAt,
      steps: steps.map(({ rows: _rows, ...step }) => step),
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
    };
    return { body };
  },
});

async function resultOf({ transfers, clock }: Ports, { runId, status, result }: DrilldownRecord) {
  if (status !== 'succeeded' || result === undefined) return undefined;
  const url = await transfers.downloadUrl(result.key, {
    seconds: URL_SECONDS,
    fileName: `${runId}.json`,
    contentType: 'application/json',
  });
  const urlExpiresAt = new Date(clock.now().getTime() + URL_SECONDS * 1000).toISOString();
  return { url, urlExpiresAt, bytes: result.bytes, sha256: result.sha256 };
}
