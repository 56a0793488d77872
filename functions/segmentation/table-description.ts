import type { Matrix } from '../arrow/matrix.ts';
import type { Cluster } from '../contracts/api-cluster-answer.ts';
import type { FittedRecipe } from '../contracts/recipe.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { characteristicsOf } from '../segments/characteristics.ts';
import { columnImportance, distinctiveFeatures } from '../segments/distinctive-features.ts';
import { distinctiveWords } from '../segments/generic-names.ts';
import { findLeadColumns, type LeadColumns } from '../segments/lead-columns.ts';
import { LEAD_NAME_TABLE, type LeadNameTable } from '../segments/lead-name-rules.ts';
import { leadNames } from '../segments/lead-names.ts';
import type { Locale } from '../segments/localized-text.ts';
import { profiledColumns } from '../segments/profiled-columns.ts';
import { recommend } from '../segments/recommendations.ts';
import { type NearestCustomers, nearestCustomers } from '../segments/sample-leads.ts';
import { segmentLevels } from '../segments/segment-levels.ts';
import {
  mergeTallies,
  type PartialTally,
  type Tally,
  type TallyColumn,
  tallyRows,
} from '../segments/segment-tally.ts';
import type { ClusterGeometry, ClusterPlaces, ClusterValidity } from './cluster-quality.ts';
import type { TableClustering } from './table-clustering.ts';

/** Rows as their segments are described by them. */
export interface DescribedRows {
  readonly recipe: FittedRecipe;
  readonly locale: Locale;
  /** All rows. */
  readonly whole: Tally;
  /** Cut points and words of names. */
  readonly names: LeadNameTable;
  /** Concepts among the columns that are tallied: days since the lead is one of them. */
  readonly leadColumns: LeadColumns;
}

/** A table as its segments are described by it. */
export interface DescribedTable extends DescribedRows {
  readonly table: EntityTable;
  readonly matrix: Matrix;
  readonly tallied: ReadonlyMap<string, TallyColumn>;
}

/** Columns that rows are tallied by: numbers, days since times, and categories. */
export function talliedColumns(table: EntityTable, recipe: FittedRecipe): Map<string, TallyColumn> {
  const tallied = new Map<string, TallyColumn>();
  for (const { name, values } of profiledColumns(recipe).numbers) {
    tallied.set(name, { type: 'number', values: values(table) });
  }
  for (const [name, column] of table.columns) if (column.type === 'category') tallied.set(name, column);
  return tallied;
}

/** Tallies a table once for all algorithms: its numbers, categories and days since its times. */
export function describedTable(
  table: EntityTable,
  recipe: FittedRecipe,
  matrix: Matrix,
  locale: Locale,
  names: LeadNameTable = LEAD_NAME_TABLE,
): DescribedTable {
  const tallied = talliedColumns(table, recipe);
  return {
    table,
    recipe,
    matrix,
    locale,
    names,
    tallied,
    whole: mergeTallies(tallyRows(new Int32Array(table.nRows), 1, tallied)),
    leadColumns: findLeadColumns([...tallied.keys()]),
  };
}

/** Segments in words, and a label for any of them together. */
export interface DescribedClusters {
  readonly clusters: readonly Cluster[];
  /** What some clusters together are like; undefined where names are withheld. */
  readonly labelOf: (clusters: readonly number[]) => string | undefined;
}

/** The clusters of one algorithm, as they are described. */
export interface TalliedClusters {
  /** Per cluster. */
  readonly partials: readonly PartialTally[];
  readonly nearest: readonly NearestCustomers[];
  readonly density?: TableClustering['density'];
  /** Number that each cluster is known by; default: its place. */
  readonly ids?: readonly number[];
}

/** Tallies the clusters of a table in memory. */
export function talliedClusters(
  { table, tallied }: DescribedTable,
  { labels, nClusters, density }: Pick<TableClustering, 'labels' | 'nClusters' | 'density'>,
  { distances }: ClusterGeometry,
): TalliedClusters {
  return {
    partials: tallyRows(labels, nClusters, tallied),
    nearest: nearestCustomers(table.ids, labels, distances, nClusters),
    ...(density && { density }),
  };
}

/** |Standardised difference| from which a feature is a trait that recommendations name. */
const TRAIT_FROM = 0.5;

/**
 * Describes the clusters of one algorithm: names, characteristics, recommendations, the nearest leads.
 * @param withheld why the clusters get no descriptive names; undefined where they get them
 */
export function describeClusters(
  { recipe, whole, leadColumns, locale, names: table }: DescribedRows,
  { partials, nearest, density, ids = [...partials.keys()] }: TalliedClusters,
  { centers, cohesion, separation }: Omit<ClusterPlaces, 'sizes'>,
  { byCluster }: ClusterValidity,
  withheld: string | undefined,
): DescribedClusters {
  const tallies = partials.map((partial) => mergeTallies([partial]));
  const importance = columnImportance(tallies, whole);
  const distinctive = tallies.map((tally) => distinctiveFeatures(tally, whole, importance));
  const names = leadNames(
    tallies.map((tally, at) => ({ id: ids[at]!, tally, distinctive: distinctive[at]! })),
    whole,
    leadColumns,
    locale,
    table,
  );
  const clusters = tallies.map((tally, at): Cluster => {
    const characteristics = characteristicsOf(tally, leadColumns, distinctive[at]!);
    const { rules: _rules, ...recommendations } = recommend(
      segmentLevels(tally, whole, leadColumns),
      tally,
      leadColumns,
      locale,
      withheld === undefined ? distinctiveWords(distinctive[at]!, locale, TRAIT_FROM) : [],
    );
    return {
      cluster_id: ids[at]!,
      name: withheld === undefined ? names[at]!.name : `${PREFIX[locale]} ${ids[at]}`,
      name_rule: withheld === undefined ? names[at]!.nameRule : `no name: ${withheld}`,
      size: tally.size,
      percentage: tally.size / whole.size,
      avg_ltv: characteristics.avg_ltv,
      avg_behavior_score: characteristics.avg_behavior_score,
      avg_engagement_score: characteristics.avg_engagement_score,
      dominant_countries: characteristics.dominant_countries,
      dominant_states: characteristics.dominant_states,
      dominant_utm_sources: characteristics.dominant_utm_source,
      silhouette_score: byCluster[at] ?? null,
      ...recommendations,
      cohesion: cohesion[at]!,
      separation: separation[at]!,
      ...(density && { density: density[at]! }),
      characteristics,
      centroid: Object.fromEntries(recipe.features.map(({ name }, f) => [name, centers[at]![f]!])),
      sample_leads: nearest[at]!.map(([, lead]) => lead),
    };
  });
  return {
    clusters,
    labelOf: (places) => {
      if (withheld !== undefined) return undefined;
      if (places.length === 1) return names[places[0]!]!.label;
      const tally = mergeTallies(places.map((at): PartialTally => partials[at]!));
      const one = { id: 0, tally, distinctive: distinctiveFeatures(tally, whole, importance) };
      return leadNames([one], whole, leadColumns, locale, table)[0]!.label;
    },
  };
}

const PREFIX: Readonly<Record<Locale, string>> = { 'pt-BR': 'Segmento', en: 'Segment', es: 'Segmento' };
