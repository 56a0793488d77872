import { basename } from 'node:path';
import type { Model, PartialManifest, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import type { DriftReport, QualityReport } from './contracts/quality.ts';
import type { RowCounts } from './contracts/records.ts';
import { NotFoundError } from './errors.ts';
import { columnQuality } from './features/column-quality.ts';
import { type ColumnValues, driftReport } from './features/drift.ts';
import { readJson } from './json-objects.ts';
import type { ObjectStore, Ports } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { rejectedRows } from './rejected-table.ts';
import type { CategoryProfiles } from './segments/category-profile.ts';
import type { SegmentProfiles } from './segments/profile.ts';
import { maskText } from './tables/mask-text.ts';

/** Rows that are shown of each rule, and how much of each. */
const EXAMPLES = 3;
const EXAMPLE_CHARACTERS = 200;

/** What is known of a run once its rows are labelled. */
export interface LabelledRun {
  readonly plan: RunPlan;
  readonly model: Model;
  readonly rows: RowCounts;
  readonly profiles: SegmentProfiles;
  readonly categories: CategoryProfiles;
}

/** The data-quality report of a run. */
export async function qualityReport(objects: ObjectStore, run: LabelledRun): Promise<QualityReport> {
  const { plan, model, rows, profiles } = run;
  const { recipe, importance } = model;
  const unreadable = await unreadableCells(objects, plan);
  const values = columnValues(run);
  const entity = plan.recipe === 'table' ? plan.entity : undefined;
  const order = plan.recipe === 'rfm' ? plan.files[0]?.columns : undefined;
  return {
    kind: plan.kind,
    referenceAt: recipe.referenceAt,
    files: plan.files.map(({ key, size, layout: { format, compression, encoding, header } }) => ({
      name: basename(key),
      bytes: size,
      format,
      compression,
      encoding,
      columns: header.length,
    })),
    rows,
    rejected: await rejectedByRule(objects, plan, rows),
    entities: profiles.total,
    idColumn: entity ? entity.idColumn : (order?.customerId ?? null),
    timeColumn: entity ? entity.timeColumn : (order?.orderedAt ?? null),
    columns: recipe.columns.map((column) => {
      const numbers = column.type === 'number' || column.type === 'boolean';
      const mean = numbers ? profiles.population(column.name).mean : Number.NaN;
      return columnQuality(column, values.get(column.name), mean, unreadable.get(column.name) ?? 0);
    }),
    ignored: [...(entity?.ignored ?? [])],
    assumedMissing: [...(entity?.assumedMissing ?? [])],
    features: recipe.features.map(({ name, source, transform }, f) => ({
      name,
      source,
      scaling: transform,
      explained: importance[f]?.explained ?? 0,
      importance: importance[f]?.share ?? 0,
    })),
    leftOut: [...recipe.leftOut],
  };
}

/** How the columns moved since the run that the dataset serves; undefined where it serves none, or this one. */
export async function driftSinceServed(
  { objects, runs }: Pick<Ports, 'objects' | 'runs'>,
  run: LabelledRun,
): Promise<DriftReport | undefined> {
  const { tenant, dataset, runId } = run.plan.run;
  const served = (await runs.dataset(tenant, dataset))?.currentRunId;
  if (served === undefined || served === runId) return undefined;
  const key = runKeys({ tenant, dataset, runId: served }).artifact('quality_report.json');
  try {
    const { columns } = await readJson<QualityReport>(objects, key);
    return driftReport(served, columns, columnValues(run));
  } catch (error) {
    // Runs of old have no report.
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function columnValues({ model, profiles, categories }: LabelledRun): Map<string, ColumnValues> {
  return new Map(
    model.recipe.columns.flatMap(({ name, type }): [string, ColumnValues][] => {
      if (type === 'time') return [];
      if (type === 'category' || type === 'list') {
        const { ranked, missing } = categories.population(name);
        return ranked ? [[name, { ranked, missing }]] : [];
      }
      const { digest, missing } = profiles.population(name);
      return [[name, { digest, missing }]];
    }),
  );
}

async function unreadableCells(objects: ObjectStore, plan: RunPlan): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (plan.recipe === 'rfm') return counts;
  const keys = runKeys(plan.run);
  const manifestOf = (shard: number) => readJson<PartialManifest>(objects, keys.partialManifest(shard));
  for await (const { unreadable = {} } of readAhead(plan.rowShards.length, manifestOf)) {
    for (const [name, { count }] of Object.entries(unreadable))
      counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}

async function rejectedByRule(
  objects: ObjectStore,
  plan: RunPlan,
  { byRule }: RowCounts,
): Promise<QualityReport['rejected']> {
  const counts = Object.entries(byRule).filter(([, count]) => count > 0);
  const examples = new Map(counts.map(([rule]): [string, Example[]] => [rule, []]));
  let wanted = counts.reduce((sum, [, count]) => sum + Math.min(EXAMPLES, count), 0);
  for await (const { file, place, rule, row } of rejectedRows(objects, plan)) {
    // The rows are all there; only as many of them are read as are shown.
    if (wanted === 0) break;
    for (const [i, name] of rule.entries()) {
      const shown = examples.get(name) ?? [];
      if (shown.length === EXAMPLES) continue;
      const masked = maskText(row[i]!.slice(0, EXAMPLE_CHARACTERS));
      shown.push({ file: basename(file[i]!), place: place[i]!, masked });
      wanted--;
    }
  }
  return counts
    .map(([rule, count]) => ({ rule, count, examples: examples.get(rule) ?? [] }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1));
}

type Example = QualityReport['rejected'][number]['examples'][number];
