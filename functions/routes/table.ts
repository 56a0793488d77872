import { customerSegment } from './customers.ts';
import { customerExplanation } from './explanation.ts';
import { runFlow } from './flow.ts';
import { health } from './health.ts';
import { segmentMembers } from './members.ts';
import { runQuality } from './quality.ts';
import type { Route } from './route.ts';
import { getRun, listRuns } from './runs.ts';
import { scoreRecord } from './score.ts';
import { segmentCustomer, segmentManual } from './segment.ts';
import { listSegments } from './segments.ts';
import { startRun } from './start-run.ts';

/** The routes of the service's own function. Each file says method, path, scope, schemas and handler of its routes. */
export const routes: readonly Route[] = [
  health, //          GET  /health
  segmentManual, //   POST /segment/manual
  segmentCustomer, // POST /segment/customer
  listSegments, //    GET  /v1/segments
  segmentMembers, //  GET  /v1/segments/{segmentId}/members
  customerSegment, // GET  /v1/customers/{customerId}/segment
  customerExplanation, // GET /v1/customers/{customerId}/explanation
  listRuns, //        GET  /v1/runs
  startRun, //        POST /v1/runs
  getRun, //          GET  /v1/runs/{runId}
  runFlow, //         GET  /v1/runs/{runId}/flow
  runQuality, //      GET  /v1/runs/{runId}/quality
  scoreRecord, //     POST /v1/datasets/{dataset}/score
];
