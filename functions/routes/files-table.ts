import { getDrilldown } from './drilldown-runs.ts';
import type { Route } from './route.ts';
import { abortUpload, completeUpload, startUpload } from './uploads.ts';

/** Routes that let callers move files themselves. They run on a function of their own, which alone signs URLs. */
export const fileRoutes: readonly Route[] = [
  startUpload, //    POST   /v1/uploads
  completeUpload, // POST   /v1/uploads/{uploadId}/complete
  abortUpload, //    DELETE /v1/uploads/{uploadId}
  getDrilldown, //   GET    /v1/drilldowns/{runId}
];
