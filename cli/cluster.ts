import { type Command, Option } from 'commander';
import { ensureKernels } from './build.ts';
import {
  ALGORITHMS,
  type ClusterOptions,
  clusterCount,
  columnNames,
  DEFAULTS,
  radius,
  SCALINGS,
  unusedOptions,
} from './cluster-options.ts';
import { printNote } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

const EXAMPLES = `
Examples:
  tessella cluster customers.csv --algorithm kmeans --k 2..10 --scaling zscore
  tessella cluster points.parquet --columns x,y --algorithm dbscan --eps 0.3 --labels labels.csv
  tessella cluster table.feather --algorithm ward --k 4 --json
  tessella cluster table.csv --algorithm kmeans --k 4 --check
`;

/** `tessella cluster`: the kernels on any numeric table, no stack booted. */
export function addClusterCommand(program: Command): void {
  program
    .command('cluster')
    .description('cluster the rows of a numeric table on this machine, without a stack')
    .argument(
      '<table>',
      'CSV, TSV or blank-separated text, JSON Lines, Arrow/Feather, Parquet or xlsx; plain or .gz',
    )
    .addOption(
      new Option('--algorithm <name>', 'clustering algorithm')
        .choices(Object.keys(ALGORITHMS))
        .makeOptionMandatory(),
    )
    .option(
      '--columns <names>',
      'columns to cluster, e.g. age,income; default: all numbers but ids',
      columnNames,
    )
    .addOption(
      new Option('--scaling <name>', 'scale each column first; distances mix units without')
        .choices(SCALINGS)
        .default('none'),
    )
    .option(
      '--k <number>',
      `number of clusters, or a range to search such as 2..10; not for dbscan (default: ${DEFAULTS.k})`,
      clusterCount,
    )
    .option('--eps <number>', `dbscan: radius of a neighbourhood, or auto (default: ${DEFAULTS.eps})`, radius)
    .option(
      '--min-samples <number>',
      `dbscan: rows within eps that make a core row (default: ${DEFAULTS.minSamples})`,
      wholeNumber(1, 0x7fffffff),
    )
    .option('--seed <number>', 'equal seeds give equal bytes', wholeNumber(0, 0xffffffff), 42)
    .option(
      '--restarts <number>',
      `kmeans, bisecting: starts; kmeans makes more when they pay (default: ${DEFAULTS.restarts})`,
      wholeNumber(1, 1000),
    )
    .option(
      '--threads <number>',
      'threads for kmeans and for the silhouette; results are the same bytes',
      wholeNumber(1, 1024),
      1,
    )
    .option('--check', 'cluster again on redrawn rows and, for kmeans, on structureless tables; takes longer')
    .option('--labels <file>', "write every row's id or number and its cluster as CSV")
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .addHelpText('after', EXAMPLES)
    .action(cluster);
}

async function cluster(file: string, options: ClusterOptions): Promise<void> {
  for (const note of unusedOptions(options)) printNote(`${note}\n`);
  await ensureKernels((line) => printNote(`${line}\n`));
  // Loaded here, so that `--help` and wrong options answer at once, and the kernels are there.
  const { clusterFile } = await import('./cluster-run.ts');
  await clusterFile(file, options);
}
