import { z } from 'zod';

/**
 * The segmentation workflow: state names and what passes between them. One word per step: the same word is the
 * state, the handler file (kebab-case), the exported function (camelCase) and the `step` field of the log.
 */
export const STEPS = [
  'PlanRun',
  'BuildFeatures',
  'MergeEntities',
  'PrepareFit',
  'WriteFeatures',
  'FitCandidate',
  'SelectModel',
  'AssignSegments',
  'MatchSegments',
  'WriteLabels',
  'PublishRun',
] as const;
export type Step = (typeof STEPS)[number];

/** Steps of the drill-down of an uploaded file or a published segment, a workflow of its own; named as those above. */
export const DRILLDOWN_STEPS = ['PlanDrilldown', 'ExploreParent', 'PublishDrilldown'] as const;
export type DrilldownStep = (typeof DRILLDOWN_STEPS)[number];

/** Steps of all workflows, each workflow's in its order: what progress is sorted by. */
export const ALL_STEPS: readonly (Step | DrilldownStep)[] = [...STEPS, ...DRILLDOWN_STEPS];

/** The distributed maps, each with the step it runs per item and the field of the item. */
export const MAPS = {
  EachRowShard: { step: 'BuildFeatures', items: 'rowShardsKey' },
  EachBucket: { step: 'MergeEntities', items: 'bucketsKey' },
  EachFeatureShard: { step: 'WriteFeatures', items: 'bucketsKey' },
  EachCandidate: { step: 'FitCandidate', items: 'candidatesKey' },
  EachLabelShard: { step: 'AssignSegments', items: 'bucketsKey' },
  EachChangeShard: { step: 'WriteLabels', items: 'bucketsKey' },
} as const satisfies Record<string, { step: Step; items: 'rowShardsKey' | 'bucketsKey' | 'candidatesKey' }>;

/**
 * The only errors a Task retries: our own name for a store that throttled, Lambda's service faults, and a worker
 * that was killed or ran out of its time. A bad row, a bad file or a bug fails once.
 */
export const TRANSIENT_ERRORS = [
  'TransientStoreError',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Sandbox.Timedout',
] as const;

/** Tenants and datasets are path and key parts: lower-case letters, digits, `-` and `_`, 1 to 63 characters. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'use 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit');

/** Clustering algorithms of a run. */
export const ALGORITHMS = ['kmeans'] as const;

/** A number of clusters, or a range to search. */
export const nClustersSchema = z
  .union([
    z.int().min(2).max(50),
    z.strictObject({ min: z.int().min(2).max(50), max: z.int().min(2).max(50) }),
  ])
  .refine((k) => typeof k === 'number' || k.min <= k.max, 'min must not be above max');
/** Seed of all chance in a run. */
export const seedSchema = z.int().min(0).max(0xffffffff);
/** Restarts of a fit. */
export const nInitSchema = z.int().min(1).max(1000);

/** What holds where neither the request nor the configuration of the dataset says anything. */
export const REQUEST_DEFAULTS = { algorithm: 'kmeans', nClusters: 5, seed: 42, nInit: 10 } as const;

/**
 * What a caller may ask of a run. What it leaves out is as the configuration of the dataset says, else
 * `REQUEST_DEFAULTS`.
 */
export const runRequestSchema = z.strictObject({
  /** Object keys in the data bucket, below the tenant's `drop/` or `files/` prefix; one ending in `/` is listed. */
  files: z.array(z.string().min(1).max(1024)).min(1).max(10_000),
  /** How rows become entities; default: what the dataset's configuration says, else what the header shows. */
  recipe: z.enum(['rfm', 'table']).optional(),
  /** Default: kmeans. */
  algorithm: z.enum(ALGORITHMS).optional(),
  /** Default: 5. */
  nClusters: nClustersSchema.optional(),
  /** Default: 42. */
  seed: seedSchema.optional(),
  /** Restarts of each fit, default 10; more are made while the best result has been seen only once. */
  nInit: nInitSchema.optional(),
  /**
   * Row shards and entity buckets; by default one per 16 MiB of rows (growing to 64 MiB from 1 to 4 GiB on), where a
   * gzip file is one shard and counts eight times its size for the buckets. Never changes a result.
   */
  shards: z.int().min(1).max(10_000).optional(),
  /**
   * Instant from which recency is counted (ISO 8601, UTC); default: the latest order + 1 day,
   * or the latest time of a table. No order may lie after it.
   */
  referenceAt: z.iso.datetime({ offset: true }).optional(),
  /** Column names, where they cannot be recognised from the header. */
  columns: z
    .strictObject({
      customerId: z.string(),
      orderId: z.string(),
      orderedAt: z.string(),
      quantity: z.string(),
      unitPrice: z.string(),
    })
    .partial()
    .optional(),
  /** Any text: makes this a run of its own although the same content was run before. */
  rerun: z.string().max(64).optional(),
});
export type RunRequest = z.output<typeof runRequestSchema>;
export type RunRequestInput = z.input<typeof runRequestSchema>;

/** A request with everything decided. */
export type ResolvedRequest = RunRequest & {
  readonly [Field in keyof typeof REQUEST_DEFAULTS]: NonNullable<RunRequest[Field]>;
};

/** Input of an execution: what the drop rule, the schedule or `POST /v1/runs` sends. */
export const triggerSchema = z.discriminatedUnion('trigger', [
  z.object({
    trigger: z.literal('drop'),
    key: z.string(),
    /** When the object was created; an event may come late, or twice. */
    droppedAt: z.iso.datetime().optional(),
  }),
  z.object({ trigger: z.literal('schedule'), tenant: nameSchema, dataset: nameSchema }),
  z.object({
    trigger: z.literal('api'),
    tenant: nameSchema,
    dataset: nameSchema,
    request: runRequestSchema,
  }),
]);
export type Trigger = z.output<typeof triggerSchema>;

/** Names a run in every step's input. */
export const runRefSchema = z.object({ tenant: nameSchema, dataset: nameSchema, runId: z.string() });
export type RunRef = z.output<typeof runRefSchema>;

/** Names a drill-down, and the attempt at it, in every step's input; it is the whole input of the execution. */
export const drilldownRefSchema = z.object({
  tenant: nameSchema,
  runId: z.string(),
  attempt: z.int().min(1),
});
export type DrilldownRef = z.output<typeof drilldownRefSchema>;

/** Result of PlanDrilldown. */
export interface DrilldownPlanResult {
  /** Key of a JSON array of `{ "item": 0 }, …`, one per child of the map. */
  readonly itemsKey: string;
}

/** Result of PlanRun. Only `planned` goes on; every other outcome ends the execution as succeeded. */
export const planResultSchema = z.object({
  outcome: z.enum(['planned', 'alreadyPublished', 'alreadyRunning', 'nothingToDo']),
  run: runRefSchema.optional(),
  /** Keys of JSON arrays of `{ "item": 0 }, …`, one per child of the map. */
  rowShardsKey: z.string().optional(),
  bucketsKey: z.string().optional(),
});
export type PlanResult = z.output<typeof planResultSchema>;

/** Input of a step that runs once. */
export const stepInputSchema = z.object({ run: runRefSchema });
export type StepInput = z.output<typeof stepInputSchema>;

/** Input of a step that a distributed map runs: `item` is the shard, bucket or candidate number, from 0. */
export const itemInputSchema = z.object({ run: runRefSchema, item: z.int().min(0) });
export type ItemInput = z.output<typeof itemInputSchema>;

/** What a map's step returns; the data lies in S3. */
export interface ItemResult {
  readonly item: number;
  readonly rows: number;
}

/** Result of PrepareFit. */
export interface PrepareResult {
  readonly candidatesKey: string;
  readonly nSamples: number;
}

/** Input of MarkFailed: the execution's own input and the error that was caught. */
export const markFailedInputSchema = z.object({
  trigger: triggerSchema,
  error: z.object({ Error: z.string(), Cause: z.string().optional() }),
});
export type MarkFailedInput = z.output<typeof markFailedInputSchema>;
