import { readFileSync } from 'node:fs';
import { DRILLDOWN_STEPS, type DrilldownStep, STEPS, type Step } from '../functions/contracts/workflow.ts';
import { API_ROUTES } from './api-routes.ts';

/** Memory and time of one function. */
export interface FunctionSize {
  /** MiB; a Lambda function has one full virtual CPU at 1,769 MiB. */
  readonly memoryMb: number;
  /** Seconds, at most 900. */
  readonly timeoutSeconds: number;
}

/** A function of the workflow: one per step, the one that deletes old runs, and the one that records a failed run. */
export type WorkflowFunction = Step | 'ExpireRuns' | 'MarkFailed';

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
  'webhooks',
  'openapi',
  'health',
] as const;
export type ApiService = (typeof API_SERVICES)[number];

/** One route of the HTTP API; paths are API Gateway's. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'ANY';
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
  /** Of what is deployed; `/health/detailed` shows it. */
  readonly version: string;
  readonly workflow: Readonly<Record<WorkflowFunction, FunctionSize>>;
  readonly drilldownWorkflow: Readonly<Record<DrilldownFunction, FunctionSize>>;
  readonly http: FunctionSize;
  readonly openapi: FunctionSize;
  readonly health: FunctionSize;
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
  readonly webhooks: FunctionSize;
  readonly deliverWebhooks: FunctionSize;
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
  /** Pages that may call the API from a browser; without it no page of another origin may. */
  readonly cors?: {
    /** `https://app.example`, or `http://localhost` with any port; no wildcards. */
    readonly origins: readonly string[];
    /** How long a browser may keep the answer to a preflight, seconds. */
    readonly maxAgeSeconds: number;
  };
  /** What the routes about advertising campaigns are held to, and where the days of accounts begin. */
  readonly campaignApi: { readonly requestsPerMinute: number; readonly timeZone: string };
  /** Published runs that a dataset keeps, unless its configuration says otherwise; at least 2. */
  readonly keepRuns: number;
  readonly retentionDays: {
    /** Access logs of the bucket. */
    readonly accessLogs: number;
    /** Former versions of overwritten or deleted objects. */
    readonly formerVersions: number;
    /** Files that callers uploaded by presigned URLs. */
    readonly uploads: number;
    /** Results of drill-downs, with the customers they were made of. */
    readonly drilldowns: number;
    /** Members and labels as files to download; written again when they are asked for. */
    readonly exports: number;
  };
  /** Address that e-mails come from, verified in SES; without one none is sent, and no function may. */
  readonly mailFrom?: string;
  /**
   * Model of Amazon Bedrock that rephrases names of segments (`anthropic.claude-…`, a foundation model of the region); without one
   * none is asked, and no function may.
   */
  readonly nameModel?: string;
  /** SNS topic that the alarms notify; without one they only change colour. */
  readonly alarmTopicArn?: string;
}

const packageFile: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

const modest = { memoryMb: 1024, timeoutSeconds: 300 };
const oneCpu = { memoryMb: 1769, timeoutSeconds: 900 };

/** The deployment as it is; edit here. */
export const config: Config = {
  version: packageFile.version,
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
    // It lists a bucket's customers at a time, and waits for the table that it deletes their labels from.
    ExpireRuns: { memoryMb: 1024, timeoutSeconds: 900 },
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
  // It holds the schemas of all routes, which no other function has to load.
  openapi: { memoryMb: 1024, timeoutSeconds: 15 },
  // It waits two seconds for what it asks, all of it at once.
  health: { memoryMb: 512, timeoutSeconds: 6 },
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
  webhooks: { memoryMb: 1024, timeoutSeconds: 15 },
  // It waits ten seconds for a receiver, for all of them at once.
  deliverWebhooks: { memoryMb: 512, timeoutSeconds: 60 },
  // A visitor waits for it: one whole CPU.
  experiments: { memoryMb: 1769, timeoutSeconds: 15 },
  // It reads up to 100,000 assignments, and answers within the API's 30 s.
  training: { memoryMb: 1769, timeoutSeconds: 24 },
  reviewExperiments: { memoryMb: 1769, timeoutSeconds: 900 },
  authorizer: { memoryMb: 512, timeoutSeconds: 5 },
  mapConcurrency: { shards: 100, candidates: 50 },
  runTimeoutHours: 6,
  retry: { maxAttempts: 5, intervalSeconds: 1, maxDelaySeconds: 30, backoffRate: 2 },
  schedules: [{ tenant: 'default', dataset: 'orders', expression: 'cron(0 3 ? * MON *)' }],
  routes: API_ROUTES,
  throttle: { rateLimit: 200, burstLimit: 400 },
  keepRuns: 10,
  retentionDays: { accessLogs: 90, formerVersions: 30, uploads: 7, drilldowns: 30, exports: 7 },
  // Of one API key; a dashboard of a hundred requests may be opened several times a minute.
  campaignApi: { requestsPerMinute: 600, timeZone: 'America/Sao_Paulo' },
};

/** File name of a step's handler and bundle: `BuildFeatures` → `build-features`. */
export function handlerName(functionName: string): string {
  return functionName.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
}

/** Every function of the workflow, in the order they run. */
export const WORKFLOW_FUNCTIONS: readonly WorkflowFunction[] = [...STEPS, 'ExpireRuns', 'MarkFailed'];

/** Every function of the drill-down workflow, in the order they run. */
export const DRILLDOWN_FUNCTIONS: readonly DrilldownFunction[] = [...DRILLDOWN_STEPS, 'MarkDrilldownFailed'];
