/**
 * Names shared by the functions and the infrastructure that deploys them: environment variables, key prefixes and
 * index names. This file and `workflow.ts` are all that `infra/` may import from `functions/`.
 */

/** Environment variables a function reads; each function is given only those it needs. */
export const ENV = {
  dataBucket: 'DATA_BUCKET',
  runsTable: 'RUNS_TABLE',
  segmentsTable: 'SEGMENTS_TABLE',
  labelsTable: 'LABELS_TABLE',
  apiKeysTable: 'API_KEYS_TABLE',
  configsTable: 'CONFIGS_TABLE',
  campaignsTable: 'CAMPAIGNS_TABLE',
  stateMachineArn: 'STATE_MACHINE_ARN',
  drilldownMachineArn: 'DRILLDOWN_MACHINE_ARN',
  requestsPerMinute: 'REQUESTS_PER_MINUTE',
  campaignTimeZone: 'CAMPAIGN_TIME_ZONE',
  /** Version of what is deployed. */
  appVersion: 'APP_VERSION',
  experimentsTable: 'EXPERIMENTS_TABLE',
  webhooksTable: 'WEBHOOKS_TABLE',
  /** Bus that our events go to. */
  eventBusArn: 'EVENT_BUS_ARN',
  /** Model of Amazon Bedrock that rephrases names of segments; not set, none does. */
  nameModel: 'NAME_MODEL',
  /** Published runs of a dataset that are kept where its configuration does not say. */
  keepRuns: 'KEEP_RUNS',
  /** Address that e-mails come from; not set, none is sent. */
  mailFrom: 'MAIL_FROM',
} as const;

/**
 * How the C library hands out memory, for every process that reads tables; glibc reads it at the start, others pass it over.
 * Fresh pages from the system cost many times what using them does: so there is one heap, which keeps up to 128 MiB of what was
 * freed, and blocks up to 16 MiB come out of it again.
 */
export const ALLOCATOR_ENV = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(128 * 2 ** 20),
} as const;

/** Top-level prefixes of the data bucket. The tenant is always the next part of the key. */
export const PREFIX = {
  /** `drop/{tenant}/{dataset}/…`: an object created here starts a run. */
  drop: 'drop/',
  /** `files/{tenant}/{dataset}/…`: input files that a run request names; creating one starts nothing. */
  files: 'files/',
  /** `insights/{tenant}/{account}/…`: a table of daily insights created here is written to the account. */
  insights: 'insights/',
  /** `models/{tenant}/{account}/{sha256}.json`: trained models of campaigns, never changed. */
  models: 'models/',
  /** `runs/{tenant}/{dataset}/{runId}/…`: everything a run writes. */
  runs: 'runs/',
  /** `uploads/{tenant}/{uploadId}/…`: files that callers send by presigned URLs. */
  uploads: 'uploads/',
  /** `drilldowns/{tenant}/{runId}/…`: everything that the drill-down of an upload or a segment writes. */
  drilldowns: 'drilldowns/',
  /** `exports/{tenant}/{dataset}/{runId}/…`: files that were written because somebody asked for them. */
  exports: 'exports/',
  /** Nothing lies here: listing it tells whether the bucket answers. */
  health: 'health/',
} as const;

/** Minutes between two looks at the schedules of datasets: a quarter of an hour is the finest that they are kept to. */
export const SCHEDULE_PERIOD_MINUTES = 15;

/** Hours between two looks at what the traffic of experiments is enough for. */
export const ELIGIBILITY_PERIOD_HOURS = 6;

/** `source` of our own events. */
export const EVENT_SOURCES = {
  experiments: 'tessella.experiments',
  segmentation: 'tessella.segmentation',
  campaigns: 'tessella.campaigns',
} as const;

/** Detail types of events that functions of ours are started by. */
export const TRAINING_REQUESTED = 'Training Requested';

/** Where our metrics stand in CloudWatch, and the name of the one that an alarm watches. */
export const METRIC_NAMESPACE = 'tessella';
export const FAILED_JOBS_METRIC = 'failedJobs';

/** Suffix of a dropped run request (JSON, `RunRequest`); any other dropped object is a data file with defaults. */
export const RUN_REQUEST_SUFFIX = '.run.json';

/** All tables have a string partition key and a string sort key of these names. */
export const KEY = { partition: 'pk', sort: 'sk' } as const;

/** Index of the runs table: a tenant's runs by start time (`pk` of the index: tenant, sort: startedAt#runId). */
export const RUNS_BY_START = {
  name: 'byStart',
  partition: 'tenantKey',
  sort: 'startKey',
} as const;

/** Where the days of advertising accounts begin, unless the deployment says otherwise. */
export const CAMPAIGN_TIME_ZONE = 'America/Sao_Paulo';

/** Index of the campaigns table: documents of one collection by label; the sort key is that of the table. */
export const CAMPAIGNS_BY_LABEL = { name: 'byLabel', partition: 'labelKey' } as const;

/** Attribute that holds the expiry (seconds since the epoch) of label items and of counters of requests. */
export const TTL_ATTRIBUTE = 'expiresAt';

/** Scopes an API key may carry. */
export const SCOPES = [
  'segments:read',
  'runs:read',
  'runs:write',
  'drilldown',
  'datasets:read',
  'datasets:write',
  'campaigns:read',
  'campaigns:write',
  'experiments:read',
  'experiments:write',
  'experiments:allocate',
] as const;
export type Scope = (typeof SCOPES)[number];
