import { STEPS, type Step } from '../functions/contracts/workflow.ts';

/** Memory and time of one function. */
export interface FunctionSize {
  /** MiB; a Lambda function has one full virtual CPU at 1,769 MiB. */
  readonly memoryMb: number;
  /** Seconds, at most 900. */
  readonly timeoutSeconds: number;
}

/** A function of the workflow: one per step, and the one that records a failed run. */
export type WorkflowFunction = Step | 'MarkFailed';

/** A dataset that is segmented again at fixed times, with the request of its last run. */
export interface ScheduledRun {
  readonly tenant: string;
  readonly dataset: string;
  /** EventBridge Scheduler expression, in UTC. */
  readonly expression: string;
}

/** One route of the HTTP API; paths are API Gateway's. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ANY';
  readonly path: string;
  /** True when no API key is asked for. */
  readonly open?: boolean;
  /** True where the key comes in `X-Customer-Api-Id` and `X-Secret`, and the drill-down function answers. */
  readonly drilldown?: boolean;
  /** True where the function for the configuration of datasets answers. */
  readonly datasets?: boolean;
  /** Which function for experiments answers, where one does. */
  readonly experiments?: 'experiments' | 'training';
}

/** Everything about a deployment that is a choice rather than a consequence. */
export interface Config {
  readonly workflow: Readonly<Record<WorkflowFunction, FunctionSize>>;
  readonly http: FunctionSize;
  readonly drilldown: FunctionSize;
  readonly datasets: FunctionSize;
  readonly runSchedules: FunctionSize;
  readonly experiments: FunctionSize;
  readonly training: FunctionSize;
  readonly reviewExperiments: FunctionSize;
  readonly authorizer: FunctionSize;
  /** Children of a distributed map at once. */
  readonly mapConcurrency: { readonly shards: number; readonly candidates: number };
  /** Longest time one run may take, hours. */
  readonly runTimeoutHours: number;
  readonly retry: {
    readonly maxAttempts: number;
    readonly intervalSeconds: number;
    readonly maxDelaySeconds: number;
    readonly backoffRate: number;
  };
  readonly schedules: readonly ScheduledRun[];
  readonly routes: readonly Route[];
  /** Requests per second and burst of the whole API. */
  readonly throttle: { readonly rateLimit: number; readonly burstLimit: number };
  readonly retentionDays: {
    /** Access logs of the bucket. */
    readonly accessLogs: number;
    /** Former versions of overwritten or deleted objects. */
    readonly formerVersions: number;
  };
  /** Address that e-mails come from, verified in SES; without one none is sent, and no function may. */
  readonly mailFrom?: string;
  /** SNS topic that the alarms notify; without one they only change colour. */
  readonly alarmTopicArn?: string;
}

const modest = { memoryMb: 1024, timeoutSeconds: 300 };
const oneCpu = { memoryMb: 1769, timeoutSeconds: 900 };

/** The deployment as it is; edit here. */
export const config: Config = {
  workflow: {
    PlanRun: modest,
    BuildFeatures: oneCpu,
    MergeEntities: oneCpu,
    PrepareFit: modest,
    WriteFeatures: { memoryMb: 1024, timeoutSeconds: 900 },
    FitCandidate: { memoryMb: 3008, timeoutSeconds: 900 },
    SelectModel: { memoryMb: 512, timeoutSeconds: 60 },
    AssignSegments: oneCpu,
    PublishRun: oneCpu,
    MarkFailed: { memoryMb: 512, timeoutSeconds: 60 },
  },
  // More memory than the code needs: it buys the CPU that keeps a cold start short.
  http: { memoryMb: 1024, timeoutSeconds: 15 },
  // One whole CPU, and room for 60,000 customers as JavaScript objects; the API waits 30 s at most.
  drilldown: { memoryMb: 1769, timeoutSeconds: 24 },
  // It looks at samples of files, and answers within the API's 30 s.
  datasets: { memoryMb: 1769, timeoutSeconds: 24 },
  runSchedules: { memoryMb: 512, timeoutSeconds: 300 },
  // A visitor waits for it: one whole CPU.
  experiments: { memoryMb: 1769, timeoutSeconds: 15 },
  // It reads up to 100,000 assignments, and answers within the API's 30 s.
  training: { memoryMb: 1769, timeoutSeconds: 29 },
  reviewExperiments: { memoryMb: 1769, timeoutSeconds: 900 },
  authorizer: { memoryMb: 512, timeoutSeconds: 5 },
  mapConcurrency: { shards: 100, candidates: 50 },
  runTimeoutHours: 6,
  retry: { maxAttempts: 5, intervalSeconds: 1, maxDelaySeconds: 30, backoffRate: 2 },
  schedules: [{ tenant: 'default', dataset: 'orders', expression: 'cron(0 3 ? * MON *)' }],
  routes: [
    { method: 'GET', path: '/health', open: true },
    { method: 'GET', path: '/openapi.json', open: true },
    { method: 'POST', path: '/segment/manual' },
    { method: 'POST', path: '/segment/customer' },
    { method: 'GET', path: '/v1/runs' },
    { method: 'POST', path: '/v1/runs' },
    { method: 'GET', path: '/v1/runs/{runId}' },
    { method: 'GET', path: '/v1/runs/{runId}/quality' },
    { method: 'POST', path: '/v1/datasets/{dataset}/score' },
    { method: 'GET', path: '/v1/segments' },
    { method: 'GET', path: '/v1/customers/{customerId}/segment' },
    { method: 'GET', path: '/v1/customers/{customerId}/explanation' },
    { method: 'GET', path: '/v1/datasets', datasets: true },
    { method: 'GET', path: '/v1/datasets/{dataset}', datasets: true },
    { method: 'PUT', path: '/v1/datasets/{dataset}', datasets: true },
    { method: 'DELETE', path: '/v1/datasets/{dataset}', datasets: true },
    { method: 'POST', path: '/v1/datasets/{dataset}/inference', datasets: true },
    { method: 'POST', path: '/api/v1/ai/segment_subsegment_explore', drilldown: true },
    { method: 'POST', path: '/api/v1/ai/purchasing_segmentation', drilldown: true },
    { method: 'POST', path: '/api/v1/ai/purchasing_segmentation_dendrogram', drilldown: true },
    { method: 'POST', path: '/api/v1/ai/segment_hierarchy_chart', drilldown: true },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/allocate', experiments: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/convert', experiments: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments/{experimentId}', experiments: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/stop', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments/{experimentId}/readout', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/config', experiments: 'experiments' },
    { method: 'PUT', path: '/api/v1/segmentation/{experimentId}/config', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/eligibility', experiments: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/segments', experiments: 'experiments' },
    {
      method: 'GET',
      path: '/api/v1/segmentation/{experimentId}/clustering/status',
      experiments: 'experiments',
    },
    {
      method: 'GET',
      path: '/api/v1/segmentation/{experimentId}/recommendations',
      experiments: 'experiments',
    },
    {
      method: 'POST',
      path: '/api/v1/segmentation/{experimentId}/recommendations/{id}/accept',
      experiments: 'experiments',
    },
    {
      method: 'POST',
      path: '/api/v1/segmentation/{experimentId}/recommendations/{id}/dismiss',
      experiments: 'experiments',
    },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/metrics', experiments: 'experiments' },
    { method: 'POST', path: '/api/v1/segmentation/{experimentId}/clustering/train', experiments: 'training' },
    // Anything else reaches the function too, so that 404 and 405 are problem documents like every other error.
    { method: 'ANY', path: '/{proxy+}' },
  ],
  throttle: { rateLimit: 200, burstLimit: 400 },
  retentionDays: { accessLogs: 90, formerVersions: 30 },
};

/** File name of a step's handler and bundle: `BuildFeatures` → `build-features`. */
export function handlerName(functionName: string): string {
  return functionName.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}

/** Every function of the workflow, in the order they run. */
export const WORKFLOW_FUNCTIONS: readonly WorkflowFunction[] = [...STEPS, 'MarkFailed'];
