import { z } from 'zod';
import { parseCron } from './cron.ts';
import { nameTablesSchema } from './name-tables.ts';
import { featureSpecSchema, SCALINGS, selectionSpecSchema } from './recipe.ts';
import { FEWEST_KEPT_RUNS, MOST_FORMER_RUNS } from './records.ts';
import { CLUSTERING_ALGORITHMS } from './segmentation-records.ts';
import { ALGORITHMS, nClustersSchema, nInitSchema, seedSchema } from './workflow.ts';

/** What the rows of a dataset are. Orders are summed per customer (RFM); all other kinds hold one row per entity. */
export const DATASET_KINDS = ['orders', 'leads', 'customers', 'contexts', 'campaign_insights'] as const;
export type DatasetKind = (typeof DATASET_KINDS)[number];

/** Languages that texts about segments are written in. */
export const LOCALES = ['en', 'pt-BR', 'es'] as const;

/** What a column of the input is to be read as; `ignore` leaves it out, `text` too (kept for rejected rows alone). */
export const COLUMN_TYPES = ['number', 'boolean', 'category', 'time', 'list', 'text', 'ignore'] as const;

/** A name of the IANA time zone data, as this runtime knows it. */
const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone such as America/Sao_Paulo');

/** Whether this runtime knows the IANA name. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

const name = z.string().trim().min(1).max(256);

/**
 * Five fields of cron (minute, hour, day of month, month, day of week; names, lists, ranges and steps; no `L`, `W`, `#`),
 * read on the clocks of the time zone. Schedules are looked at every quarter of an hour; a due one repeats the dataset's last
 * request.
 */
const scheduleSchema = z.strictObject({
  cron: z
    .string()
    .max(128)
    .refine((text) => parseCron(text) !== undefined, 'use five fields of cron, such as "0 3 * * MON"'),
  timeZone: timeZoneSchema.default('UTC'),
});

/** How one input column is read, where the inference is not to decide. */
export const columnConfigSchema = z.strictObject({
  type: z.enum(COLUMN_TYPES).optional(),
  /** Texts that stand for "no value" in this column (`Select`, `999`), besides empty cells and the usual words. */
  missing: z.array(z.string().max(256)).max(100).optional(),
  unit: z.string().max(64).optional(),
  /** Parts the entries of a list; default: `|` or a JSON array, as found. */
  separator: z.string().min(1).max(4).optional(),
});
export type ColumnConfig = z.output<typeof columnConfigSchema>;

/**
 * Configuration of a dataset, as a tenant saves it. Every field has a default or is inferred from the data, so that `{}`
 * is a configuration too.
 */
export const datasetConfigSchema = z.strictObject({
  kind: z.enum(DATASET_KINDS).optional(),
  /** Column that names the entity. */
  idColumn: name.optional(),
  /** Column with the instant that windows, recency and duplicates go by. */
  timeColumn: name.optional(),
  /** IANA name; calendar features are taken in it. */
  timeZone: timeZoneSchema.default('UTC'),
  /** Rows older than this many months before the reference are left out; null keeps all. Default: 6 for leads, else null. */
  maxDataAgeMonths: z.int().min(1).max(600).nullable().optional(),
  /** Fewer entities fail the run. Default: 100, but 2 for orders. */
  minDataPoints: z.int().min(2).max(1_000_000_000).optional(),
  /** Columns or feature groups that take part; default: all that are usable. */
  featuresToUse: z.array(name).min(1).max(1000).optional(),
  /** By input column. */
  columns: z.record(name, columnConfigSchema).optional(),
  /** Feature by feature, instead of what the types suggest. */
  features: z.array(featureSpecSchema).min(1).max(1000).optional(),
  /** Default: `minmax` for leads, else `zscore`. */
  scaling: z.enum(SCALINGS).optional(),
  /** Null keeps every feature that is not constant. */
  selection: selectionSpecSchema.nullable().optional(),
  locale: z.enum(LOCALES).default('en'),
  /** Of the runs of the dataset, where the request names none. */
  algorithm: z.enum(ALGORITHMS).optional(),
  nClusters: nClustersSchema.optional(),
  seed: seedSchema.optional(),
  nInit: nInitSchema.optional(),
  /**
   * Clusterings of a run. k-means is always one of them: it is what new customers are scored by. Default: all three for leads
   * and customers, else k-means alone.
   */
  algorithms: z.array(z.enum(CLUSTERING_ALGORITHMS)).min(1).max(3).optional(),
  dbscan: z
    .strictObject({
      /** Radius on the scaled features, or `auto`, the default: the knee of the k-distances. A fixed one suits few tables. */
      epsilon: z.union([z.number().min(1e-6).max(1e6), z.literal('auto')]).optional(),
      minSamples: z.int().min(1).max(1000).default(5),
    })
    .optional(),
  hierarchical: z
    .strictObject({
      maxDepth: z.int().min(1).max(6).default(3),
      /** Fewest entities of a node that is split. Default: 1% of all, at least 10. */
      minPoints: z.int().min(2).max(1_000_000_000).optional(),
      minSilhouette: z.number().min(-1).max(1).default(0.3),
    })
    .optional(),
  /**
   * Of k-means: also report this share of the entities as outliers, those furthest from their centers. Default: none, DBSCAN
   * finds outliers by density.
   */
  contamination: z.number().min(0.0001).max(0.5).optional(),
  /**
   * Hysteresis: at most this share of the customers of both runs moves to another segment that the new run still has,
   * those who gain most; the others stay where they were. Default: everybody goes to the nearest center.
   */
  churnBudget: z.number().min(0).max(1).optional(),
  /** Cut points and words of segment names. Default: the published tables. */
  names: nameTablesSchema.optional(),
  /** Published runs that stay for comparison and rollback, the served one included. Default: what the deployment says, 10. */
  keepRuns: z.int().min(FEWEST_KEPT_RUNS).max(MOST_FORMER_RUNS).optional(),
  /** When the dataset is to be segmented again, with the files of its last run. */
  schedule: scheduleSchema.optional().meta({
    description: 'When the last request of the dataset is run again; looked at every quarter of an hour.',
  }),
  /** Columns with personal data: never a feature, masked in every report; and who answers for them. */
  personal: z
    .strictObject({ columns: z.array(name).max(1000), owner: z.string().max(256).optional() })
    .optional(),
});
export type DatasetConfig = z.output<typeof datasetConfigSchema>;
export type DatasetConfigInput = z.input<typeof datasetConfigSchema>;

/** A version of a dataset's configuration. Versions are never changed; a deletion is one too, so that numbers only grow. */
export interface DatasetConfigRecord {
  readonly tenant: string;
  readonly dataset: string;
  /** 1 for the first; a new one for each change, also after a deletion. */
  readonly version: number;
  /** Null: deleted with this version. */
  readonly config: DatasetConfig | null;
  /** ISO 8601 UTC. */
  readonly savedAt: string;
}
