import Table from 'cli-table3';
import type {
  ColumnQuality,
  DriftReport,
  QualityAnswer,
  QualityReport,
} from '../functions/contracts/quality.ts';
import { type ColumnLine, columnTable, number, percent, rangeText, someTexts } from './column-table.ts';
import { count, printable, short } from './terminal.ts';

/** Features that are listed; the JSON holds all. */
const SHOWN = 20;
/** Names that are listed on one line. */
const NAMES = 10;

/**
 * The quality report of a run as text for people: what was read, what was left out and why, a line per column, how the
 * columns moved since the run served before, and what each feature does for the segments.
 * @param rejectedKey where the rows that were not used lie
 */
export function qualityText({ runId, report, drift }: QualityAnswer, rejectedKey?: string): string {
  const { kind, entities, idColumn, timeColumn, referenceAt, rows } = report;
  const drifts = new Map(drift?.columns.map((column) => [column.name, column]));
  const lines = [
    `Run ${runId}: ${kind}, ${count(entities)} entities, ${idColumn === null ? 'rows numbered' : `named by "${idColumn}"`}${timeColumn === null ? '' : `, in the time of "${timeColumn}"`}, as of ${referenceAt}`,
    ...report.files.map(
      ({ name, bytes, format, compression, encoding, columns }) =>
        `  ${[`${name}: ${format}`, compression !== 'none' && compression, encoding, `${count(columns)} columns`, `${short(bytes)}B`].filter(Boolean).join(', ')}`,
    ),
    `${count(rows.read)} rows read, ${count(rows.used)} used, ${count(rows.rejected)} left out`,
    ...rejected(report),
    ...(rejectedKey === undefined || rows.rejected === 0 ? [] : [`  all of them: ${rejectedKey}`]),
    ...driftLines(drift),
    '',
    ...columnTable(
      report.columns.map((column) => line(column, drifts.get(column.name))),
      entities,
    ),
    ...taken(report),
    '',
    ...features(report),
    '',
  ];
  return printable(lines.join('\n'));
}

function rejected({ rejected: rules, files }: QualityReport): string[] {
  const isText = new Map(files.map(({ name, format }) => [name, format === 'csv' || format === 'jsonl']));
  return rules.flatMap(({ rule, count: n, examples }) => [
    `  ${rule} ${count(n)}`,
    ...examples.map(
      ({ file, place, masked }) => `    ${file}, ${isText.get(file) ? 'line' : 'row'} ${place}: ${masked}`,
    ),
  ]);
}

function driftLines(drift: DriftReport | undefined): string[] {
  if (!drift) return ['drift: no run was served before'];
  const { against, columns, added, removed } = drift;
  const having = (asked: string) => columns.filter(({ verdict }) => verdict === asked).length;
  return [
    `drift since run ${against}: ${count(having('shifted'))} columns shifted, ${count(having('moved'))} moved, ${count(having('stable'))} stable`,
    ...(added.length > 0 ? [`  new: ${names(added)}`] : []),
    ...(removed.length > 0 ? [`  gone: ${names(removed)}`] : []),
  ];
}

const names = (all: readonly string[]) =>
  [...all.slice(0, NAMES), ...(all.length > NAMES ? [`and ${count(all.length - NAMES)} more`] : [])].join(
    ', ',
  );

function line(column: ColumnQuality, drift: DriftReport['columns'][number] | undefined): ColumnLine {
  const { name, source, type, unit, missing, unreadable, distinct, numbers, top = [] } = column;
  const outliers = numbers?.outlierShare ?? 0;
  return {
    name,
    type,
    nMissing: missing,
    distinct,
    values: numbers
      ? rangeText(numbers.min, numbers.quantiles.p50 ?? Number.NaN, numbers.max)
      : someTexts(top.map(({ value }) => value)),
    remarks: [
      source !== name && `from "${source}"`,
      unit !== '1' && unit !== '' && unit,
      unreadable > 0 && `${count(unreadable)} unreadable`,
      outliers >= 0.01 && `${percent(outliers)} outliers`,
      drift !== undefined && drift.verdict !== 'stable' && `${drift.verdict}: PSI ${number(drift.psi)}`,
    ],
  };
}

function taken({ assumedMissing, ignored }: QualityReport): string[] {
  return [
    ...assumedMissing.map(
      ({ column, value, count: n, reason }) =>
        `read as missing: "${value}" of ${column} (${reason.replaceAll('_', ' ')}, ${count(n)} rows of the sample)`,
    ),
    ...ignored.map(
      ({ name, reason, detail }) => `not read: ${name} (${reason.replaceAll('_', ' ')}: ${detail})`,
    ),
  ];
}

function features({ features: all, leftOut }: QualityReport): string[] {
  const table = new Table({
    head: ['feature', 'scaling', 'explained', 'importance'],
    colAligns: ['left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, scaling, explained, importance } of all
    .toSorted((a, b) => b.importance - a.importance)
    .slice(0, SHOWN)) {
    table.push([name, scaling, percent(explained), percent(importance)]);
  }
  const rest = all.length - SHOWN;
  return [
    table.toString(),
    ...(rest > 0 ? [`and ${count(rest)} more features: see --json`] : []),
    ...leftOut.map(
      ({ name, reason, detail }) => `left out: ${name} (${reason.replaceAll('_', ' ')}: ${detail})`,
    ),
  ];
}
