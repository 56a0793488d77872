import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type DatasetConfig, datasetConfigSchema, LOCALES } from '../functions/contracts/dataset.ts';
import {
  CLUSTERING_ALGORITHMS,
  type ClusteringAlgorithm,
} from '../functions/contracts/segmentation-records.ts';
import { InvalidRequestError } from '../functions/errors.ts';
import type { Locale } from '../functions/segments/localized-text.ts';
import { columnNames, radius } from './cluster-options.ts';
import type { SegmentsReport } from './segments-text.ts';
import { print, printJson, printNote } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface SegmentsOptions {
  readonly algorithms: readonly ClusteringAlgorithm[];
  readonly k: number | 'auto';
  readonly eps: number | 'auto';
  readonly minSamples: number;
  readonly rows: number;
  readonly features?: readonly string[];
  readonly config?: string;
  readonly locale: Locale;
  readonly seed: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  tessella segments leads.csv.gz
  tessella segments leads.xlsx --algorithms kmeans --k 5 --features ltv,behavior_score,geo --locale pt-BR
  tessella segments customers.csv --config customers.json --json
`;

/** `tessella segments`: the whole segmentation of a table on this machine, in words. */
export function addSegmentsCommand(program: Command): void {
  program
    .command('segments')
    .description(
      'segment the rows of a table by three algorithms and tell what the segments are; nothing is stored',
    )
    .argument(
      '<table>',
      'leads or customers, one per row: CSV, TSV, JSON Lines, Parquet, Arrow/Feather or xlsx; plain or .gz',
    )
    .option(
      '--algorithms <names>',
      'of kmeans,dbscan,hierarchical; default: all',
      algorithmNames,
      CLUSTERING_ALGORITHMS,
    )
    .option('--k <number>', 'kmeans: 3 to 10 clusters, or auto: the best of them', clusterCount, 'auto')
    .option('--eps <number>', 'dbscan: radius of a neighbourhood, or auto', radius, 'auto')
    .option('--min-samples <number>', 'dbscan: rows that make a dense place', wholeNumber(1, 1000), 5)
    .option(
      '--rows <number>',
      'rows segmented at most, a sample without bias',
      wholeNumber(100, 50_000),
      5000,
    )
    .option(
      '--features <names>',
      'columns or groups (ltv, geo, time, utm); default: all that are usable',
      columnNames,
    )
    .option('--config <file>', 'configuration of the dataset as JSON, as PUT /v1/datasets/{dataset} takes it')
    .addOption(new Option('--locale <name>', 'language of the texts').choices(LOCALES).default('en'))
    .option('--seed <number>', 'equal seeds give equal answers', wholeNumber(0, 0xffffffff), 42)
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: SegmentsOptions) => {
      const { stageOnStderr } = await import('./cluster-stage.ts');
      const stage = stageOnStderr();
      try {
        const report = await segmentFile(file, options, (text) => stage.show(text));
        stage.clear();
        if (options.json) printJson(report);
        else {
          const { segmentsText } = await import('./segments-text.ts');
          print(segmentsText(report));
        }
      } finally {
        stage.clear();
      }
    });
}

/**
 * Reads a table as a run does and segments it, or a sample of it.
 * @throws InvalidRequestError for a file or configuration that cannot be read, InsufficientDataError for too few rows
 */
export async function segmentFile(
  file: string,
  { algorithms, k, eps, minSamples, rows, features, config, locale, seed }: SegmentsOptions,
  onStage: (stage: string) => void = () => {},
): Promise<SegmentsReport> {
  const { ensureKernels } = await import('./build.ts');
  await ensureKernels((line) => printNote(`${line}\n`));
  const [{ openFile }, { readEntities }, { segmentTable }, { suggestSpecs }, { headOf }, { loadKernels }] =
    await Promise.all([
      import('./table-file.ts'),
      import('../functions/segmentation/read-entities.ts'),
      import('../functions/segmentation/segment-table.ts'),
      import('../functions/features/suggest-specs.ts'),
      import('../functions/features/entity-table.ts'),
      import('../functions/kernels/instance.ts'),
    ]);
  const settings = { ...(await configOf(config)), ...(features && { featuresToUse: [...features] }) };
  onStage(`reading ${file} …`);
  await using source = await openFile(file);
  const read = await readEntities(source, settings);
  const { columns, timeColumn } = read.entity;
  const spec = suggestSpecs({ config: settings, kind: read.kind, columns, timeColumn });
  const table = headOf(read.table, rows);
  onStage(`segmenting ${table.nRows} rows …`);
  const input = { table, columns, spec, referenceMs: read.referenceMs };
  const segmentations = segmentTable(await loadKernels(), input, {
    algorithms,
    nClusters: k,
    epsilon: eps,
    minSamples,
    maxDepth: 3,
    minSilhouette: 0.3,
    minDataPoints: settings.minDataPoints ?? 100,
    locale,
    seed,
  });
  return {
    file,
    kind: read.kind,
    scaling: spec.scaling,
    rows: read.rows,
    entities: read.table.nRows,
    segmented: table.nRows,
    ignored: read.entity.ignored,
    segmentations,
  };
}

async function configOf(file: string | undefined): Promise<DatasetConfig> {
  if (file === undefined) return datasetConfigSchema.parse({});
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new InvalidRequestError(
      `${file} cannot be read as JSON: ${(cause as Error).message}.`,
      { file },
      { cause },
    );
  }
  const parsed = datasetConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`);
  throw new InvalidRequestError(`${file} is no configuration of a dataset: ${faults.join('; ')}.`, { file });
}

function algorithmNames(text: string): readonly ClusteringAlgorithm[] {
  return text.split(',').map((name) => {
    const known = CLUSTERING_ALGORITHMS.find((one) => one === name.trim());
    if (known === undefined)
      throw new InvalidArgumentError(`Expected some of ${CLUSTERING_ALGORITHMS.join(',')}.`);
    return known;
  });
}

function clusterCount(text: string): number | 'auto' {
  return text === 'auto' ? text : wholeNumber(3, 10)(text);
}
