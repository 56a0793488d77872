import { DRILLDOWN_STEPS, type DrilldownStep, STEPS, type Step } from '../functions/contracts/workflow.ts';

/** Memory and time of one function. */
export interface FunctionSize {
  /** MiB; a Lambda function has one full virtual CPU at 1,769 MiB. */
  readonly memoryMb: number;
  /** Seconds, at most 900. */
  readonly timeoutSeconds: number;
}

/** A function of the workflow: one per step, and the one that records a failed run. */
export type WorkflowFunction = Step | 'MarkFailed';

/** A function of the drill-down workflow. */
export type DrilldownFunction = DrilldownStep | 'MarkDrilldownFailed';

/** A dataset that is segmented again at fixed times, with the request of its last run. */
export interface ScheduledRun {
  readonly tenant: string;
  readonly dataset: string;
  /** EventBridge Scheduler expression, in UTC. */
  readonly expression: string;
}

/** Functions that answer routes, besides `Http`: each has the memory, time and rights that its routes need. */
export const API_SERVICES = [
  'drilldown',
  'datasets',
  'segmentation',
  'files',
  'campaigns',
  'experiments',
  'training',
] as const;
export type ApiService = (typeof API_SERVICES)[number];

/** One route of the HTTP API; paths are API Gateway's. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ANY';
  readonly path: string;
  /** True when no API key is asked for. */
  readonly open?: boolean;
  /** The function that answers; default: `Http`, the service's own. */
  readonly service?: ApiService;
  /** How the key comes; default `X-API-Key`, or the pair of headers where the drill-down function answers. */
  readonly credentials?: 'apiKey' | 'customerApi' | 'either';
}

/** Everything about a deployment that is a choice rather than a consequence. */
export interface Config {
  readonly workflow: Readonly<Record<WorkflowFunction, FunctionSize>>;
  readonly drilldownWorkflow: Readonly<Record<DrilldownFunction, FunctionSize>>;
  readonly http: FunctionSize;
  readonly drilldown: FunctionSize;
  readonly datasets: FunctionSize;
  readonly segmentation: FunctionSize;
  readonly files: FunctionSize;
  readonly campaigns: FunctionSize;
  readonly campaignJobs: FunctionSize;
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
  /** What the routes about advertising campaigns are held to, and where the days of accounts begin. */
  readonly campaignApi: { readonly requestsPerMinute: number; readonly timeZone: string };
  readonly retentionDays: {
    /** Access logs of the bucket. */
    readonly accessLogs: number;
    /** Former versions of overwritten or deleted objects. */
    readonly formerVersions: number;
    /** Files that callers uploaded by presigned URLs. */
    readonly uploads: number;
    /** Results of drill-downs, with the customers they were made of. */
    readonly drilldowns: number;
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
    MatchSegments: modest,
    WriteLabels: oneCpu,
    PublishRun: oneCpu,
    MarkFailed: { memoryMb: 512, timeoutSeconds: 60 },
  },
  drilldownWorkflow: {
    // Ten million ids take half a GB, and a chunk of customers a tenth.
    PlanDrilldown: { memoryMb: 1769, timeoutSeconds: 900 },
    // A million customers of one parent as JavaScript objects.
    ExploreParent: { memoryMb: 3008, timeoutSeconds: 900 },
    PublishDrilldown: { memoryMb: 1024, timeoutSeconds: 900 },
    MarkDrilldownFailed: { memoryMb: 512, timeoutSeconds: 60 },
  },
  // More memory than the code needs: it buys the CPU that keeps a cold start short.
  http: { memoryMb: 1024, timeoutSeconds: 15 },
  // One whole CPU, and room for 60,000 customers as JavaScript objects; the API waits 30 s at most.
  drilldown: { memoryMb: 1769, timeoutSeconds: 24 },
  // It looks at samples of files, and answers within the API's 30 s.
  datasets: { memoryMb: 1769, timeoutSeconds: 24 },
  // One whole CPU: 5,000 leads with a search for the number of clusters take it for about ten seconds.
  segmentation: { memoryMb: 1769, timeoutSeconds: 24 },
  // One whole CPU: it signs hundreds of URLs at once.
  files: { memoryMb: 1769, timeoutSeconds: 24 },
  // One whole CPU: an answer may need the days of every campaign of an account.
  campaigns: { memoryMb: 1769, timeoutSeconds: 24 },
  campaignJobs: oneCpu,
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
    { method: 'GET', path: '/v1/runs/{runId}/flow' },
    { method: 'POST', path: '/v1/datasets/{dataset}/score' },
    { method: 'GET', path: '/v1/segments' },
    { method: 'GET', path: '/v1/segments/{segmentId}/members' },
    { method: 'GET', path: '/v1/customers/{customerId}/segment' },
    { method: 'GET', path: '/v1/customers/{customerId}/explanation' },
    { method: 'GET', path: '/v1/datasets', service: 'datasets' },
    { method: 'GET', path: '/v1/datasets/{dataset}', service: 'datasets' },
    { method: 'PUT', path: '/v1/datasets/{dataset}', service: 'datasets' },
    { method: 'DELETE', path: '/v1/datasets/{dataset}', service: 'datasets' },
    { method: 'POST', path: '/v1/datasets/{dataset}/inference', service: 'datasets' },
    { method: 'POST', path: '/v1/datasets/{dataset}/rollback', service: 'datasets' },
    { method: 'POST', path: '/api/v1/ai/segment_subsegment_explore', service: 'drilldown' },
    { method: 'POST', path: '/api/v1/ai/purchasing_segmentation', service: 'drilldown' },
    { method: 'POST', path: '/api/v1/ai/purchasing_segmentation_dendrogram', service: 'drilldown' },
    { method: 'POST', path: '/api/v1/ai/segment_hierarchy_chart', service: 'drilldown' },
    { method: 'POST', path: '/api/segmentation/cluster', service: 'segmentation' },
    { method: 'GET', path: '/api/segmentation/cluster', service: 'segmentation' },
    { method: 'GET', path: '/api/segmentation/list', service: 'segmentation' },
    { method: 'GET', path: '/api/segmentation/outliers', service: 'segmentation' },
    { method: 'PUT', path: '/api/segmentation/update', service: 'segmentation' },
    { method: 'GET', path: '/v1/runs/{runId}/segmentation', service: 'segmentation' },
    { method: 'GET', path: '/v1/runs/{runId}/tree', service: 'segmentation' },
    { method: 'POST', path: '/v1/uploads', service: 'files', credentials: 'either' },
    { method: 'POST', path: '/v1/uploads/{uploadId}/complete', service: 'files', credentials: 'either' },
    { method: 'DELETE', path: '/v1/uploads/{uploadId}', service: 'files', credentials: 'either' },
    {
      method: 'POST',
      path: '/v1/segments/{segmentId}/drilldown',
      service: 'drilldown',
      credentials: 'apiKey',
    },
    {
      method: 'GET',
      path: '/v1/segments/{segmentId}/drilldown',
      service: 'drilldown',
      credentials: 'apiKey',
    },
    { method: 'GET', path: '/v1/drilldowns/{runId}', service: 'files', credentials: 'either' },
    { method: 'POST', path: '/v1/campaigns/insights', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/v1/campaigns/insights', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/v1/campaigns/entities', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/v1/campaigns/accounts', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/v1/campaigns/features', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/classifications/campaigns', service: 'campaigns', credentials: 'either' },
    {
      method: 'POST',
      path: '/api/v1/classifications/campaigns/classify',
      service: 'campaigns',
      credentials: 'either',
    },
    {
      method: 'GET',
      path: '/api/v1/classifications/campaigns/{id}',
      service: 'campaigns',
      credentials: 'either',
    },
    { method: 'GET', path: '/api/v1/classifications/summary', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/recommendations', service: 'campaigns', credentials: 'either' },
    { method: 'POST', path: '/api/v1/recommendations/generate', service: 'campaigns', credentials: 'either' },
    {
      method: 'POST',
      path: '/api/v1/recommendations/{id}/apply',
      service: 'campaigns',
      credentials: 'either',
    },
    {
      method: 'POST',
      path: '/api/v1/recommendations/{id}/dismiss',
      service: 'campaigns',
      credentials: 'either',
    },
    { method: 'GET', path: '/api/v1/recommendations/summary', service: 'campaigns', credentials: 'either' },
    { method: 'POST', path: '/api/v1/classifications/train', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/models', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/models/{id}', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/models/active/{type}', service: 'campaigns', credentials: 'either' },
    { method: 'DELETE', path: '/api/v1/models/active/{type}', service: 'campaigns', credentials: 'either' },
    { method: 'GET', path: '/api/v1/models/{id}/metrics', service: 'campaigns', credentials: 'either' },
    { method: 'POST', path: '/api/v1/models/{id}/activate', service: 'campaigns', credentials: 'either' },
    { method: 'POST', path: '/v1/segments/preview', service: 'segmentation' },
    { method: 'GET', path: '/v1/jobs', service: 'campaigns', credentials: 'either' },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/allocate', service: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/convert', service: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments', service: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments', service: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments/{experimentId}', service: 'experiments' },
    { method: 'POST', path: '/api/v1/experiments/{experimentId}/stop', service: 'experiments' },
    { method: 'GET', path: '/api/v1/experiments/{experimentId}/readout', service: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/config', service: 'experiments' },
    { method: 'PUT', path: '/api/v1/segmentation/{experimentId}/config', service: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/eligibility', service: 'experiments' },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/segments', service: 'experiments' },
    {
      method: 'GET',
      path: '/api/v1/segmentation/{experimentId}/clustering/status',
      service: 'experiments',
    },
    {
      method: 'GET',
      path: '/api/v1/segmentation/{experimentId}/recommendations',
      service: 'experiments',
    },
    {
      method: 'POST',
      path: '/api/v1/segmentation/{experimentId}/recommendations/{id}/accept',
      service: 'experiments',
    },
    {
      method: 'POST',
      path: '/api/v1/segmentation/{experimentId}/recommendations/{id}/dismiss',
      service: 'experiments',
    },
    { method: 'GET', path: '/api/v1/segmentation/{experimentId}/metrics', service: 'experiments' },
    { method: 'POST', path: '/api/v1/segmentation/{experimentId}/clustering/train', service: 'training' },
    // Anything else reaches the function too, so that 404 and 405 are problem documents like every other error.
    { method: 'ANY', path: '/{proxy+}' },
  ],
  throttle: { rateLimit: 200, burstLimit: 400 },
  retentionDays: { accessLogs: 90, formerVersions: 30, uploads: 7, drilldowns: 30 },
  // Of one API key; a dashboard of a hundred requests may be opened several times a minute.
  campaignApi: { requestsPerMinute: 600, timeZone: 'America/Sao_Paulo' },
};

/** File name of a step's handler and bundle: `BuildFeatures` → `build-features`. */
export function handlerName(functionName: string): string {
  return functionName.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}

/** Every function of the workflow, in the order they run. */
export const WORKFLOW_FUNCTIONS: readonly WorkflowFunction[] = [...STEPS, 'MarkFailed'];

/** Every function of the drill-down workflow, in the order they run. */
export const DRILLDOWN_FUNCTIONS: readonly DrilldownFunction[] = [...DRILLDOWN_STEPS, 'MarkDrilldownFailed'];
