import { openThreads } from '../functions/threads/clustering-threads.ts';
import { requireLabelsFile, writeLabels } from './cluster-labels.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { stageOnStderr } from './cluster-stage.ts';
import { clusterTable } from './cluster-table.ts';
import { readNumericTable } from './numeric-table.ts';
import { count, print, printJson, printNote } from './terminal.ts';

/** Reads a table, clusters it, and prints the report. */
export async function clusterFile(file: string, options: ClusterOptions): Promise<void> {
  const { labels: labelsFile } = options;
  if (labelsFile !== undefined) await requireLabelsFile(labelsFile, file);
  const stage = stageOnStderr();
  try {
    stage.show(`reading ${file} …`);
    const start = performance.now();
    const table = await readNumericTable(file, options.columns);
    const readSeconds = (performance.now() - start) / 1000;
    stage.clear();
    printNote(columnsText(table));
    const threads = await openThreads(options.threads);
    const clustered = await clusterTable(threads, table, options, stage.show).finally(threads.close);
    if (labelsFile !== undefined) await writeLabels(labelsFile, table, clustered.labels);
    stage.clear();
    const report = { ...clustered.report, readSeconds, ...(labelsFile !== undefined && { labelsFile }) };
    if (options.json) {
      const { details, ...facts } = report;
      printJson({ ...facts, ...details });
    } else {
      const { reportText } = await import('./cluster-report.ts');
      print(`\n${reportText(report)}`);
    }
  } finally {
    stage.clear();
  }
}

/** Which columns are clustered, and why the others are not. */
function columnsText({
  columns,
  leftOut,
}: {
  readonly columns: readonly { readonly name: string; readonly values: Float64Array }[];
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[];
}): string {
  const isConstant = (values: Float64Array) => values.length > 1 && values.every((x) => x === values[0]);
  const constant = columns.filter(({ values }) => isConstant(values)).map(({ name }) => name);
  return [
    `${count(columns.length)} ${columns.length === 1 ? 'column' : 'columns'}: ${columns.map(({ name }) => name).join(', ')}\n`,
    ...leftOut.map(({ column, reason }) => `left out: ${column} (${reason})\n`),
    ...(constant.length > 0 ? [`constant, so that it tells no rows apart: ${constant.join(', ')}\n`] : []),
  ].join('');
}
