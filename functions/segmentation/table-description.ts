import type { Matrix } from '../arrow/matrix.ts';
import type { Cluster } from '../contracts/api-cluster-answer.ts';
import type { FittedRecipe } from '../contracts/recipe.ts';
import type { EntityTable } from '../features/entity-table.ts';
import { characteristicsOf } from '../segments/characteristics.ts';
import { columnImportance, distinctiveFeatures } from '../segments/distinctive-features.ts';
import { findLeadColumns, type LeadColumns } from '../segments/lead-columns.ts';
import { leadNames } from '../segments/lead-names.ts';
import type { Locale } from '../segments/localized-text.ts';
import { profiledColumns } from '../segments/profiled-columns.ts';
import { recommend } from '../segments/recommendations.ts';
import { nearestCustomers } from '../segments/sample-leads.ts';
import { segmentLevels } from '../segments/segment-levels.ts';
import {
  mergeTallies,
  type PartialTally,
  type Tally,
  type TallyColumn,
  tallyRows,
} from '../segments/segment-tally.ts';
import type { ClusterGeometry, ClusterValidity } from './cluster-quality.ts';
import type { TableClustering } from './table-clustering.ts';

/** A table as its segments are described by it. */
export interface DescribedTable {
  readonly table: EntityTable;
  readonly recipe: FittedRecipe;
  readonly matrix: Matrix;
  readonly locale: Locale;
  readonly tallied: ReadonlyMap<string, TallyColumn>;
  /** All rows. */
  readonly whole: Tally;
  /** Concepts among the columns that are tallied: days since the lead is one of them. */
  readonly leadColumns: LeadColumns;
}

/** Tallies a table once for all algorithms: its numbers, categories and days since its times. */
export function describedTable(
  table: EntityTable,
  recipe: FittedRecipe,
  matrix: Matrix,
  locale: Locale,
): DescribedTable {
  const tallied = new Map<string, TallyColumn>();
  for (const { name, values } of profiledColumns(recipe).numbers) {
    tallied.set(name, { type: 'number', values: values(table) });
  }
  for (const [name, column] of table.columns) if (column.type === 'category') tallied.set(name, column);
  return {
    table,
    recipe,
    matrix,
    locale,
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

/**
 * Describes the clusters of one algorithm: names, characteristics, recommendations, the nearest leads.
 * @param withheld why the clusters get no descriptive names; undefined where they get them
 */
export function describeClusters(
  described: DescribedTable,
  { labels, nClusters, density }: Pick<TableClustering, 'labels' | 'nClusters' | 'density'>,
  { sizes, centers, distances, cohesion, separation }: ClusterGeometry,
  { byCluster }: ClusterValidity,
  withheld: string | undefined,
): DescribedClusters {
  const { table, recipe, whole, leadColumns, locale, tallied } = described;
  const partials = tallyRows(labels, nClusters, tallied);
  const tallies = partials.map((partial) => mergeTallies([partial]));
  const importance = columnImportance(tallies, whole);
  const distinctive = tallies.map((tally) => distinctiveFeatures(tally, whole, importance));
  const names = leadNames(
    tallies.map((tally, id) => ({ id, tally, distinctive: distinctive[id]! })),
    whole,
    leadColumns,
    locale,
  );
  const nearest = nearestCustomers(table.ids, labels, distances, nClusters);
  const clusters = tallies.map((tally, id): Cluster => {
    const characteristics = characteristicsOf(tally, leadColumns, distinctive[id]!);
    const { rules: _rules, ...recommendations } = recommend(
      segmentLevels(tally, whole, leadColumns),
      tally,
      leadColumns,
      locale,
    );
    return {
      cluster_id: id,
      name: withheld === undefined ? names[id]!.name : `${PREFIX[locale]} ${id}`,
      name_rule: withheld === undefined ? names[id]!.nameRule : `no name: ${withheld}`,
      size: sizes[id]!,
      percentage: sizes[id]! / table.nRows,
      avg_ltv: characteristics.avg_ltv,
      avg_behavior_score: characteristics.avg_behavior_score,
      avg_engagement_score: characteristics.avg_engagement_score,
      dominant_countries: characteristics.dominant_countries,
      dominant_states: characteristics.dominant_states,
      dominant_utm_sources: characteristics.dominant_utm_source,
      silhouette_score: byCluster[id] ?? null,
      ...recommendations,
      cohesion: cohesion[id]!,
      separation: separation[id]!,
      ...(density && { density: density[id]! }),
      characteristics,
      centroid: Object.fromEntries(recipe.features.map(({ name }, f) => [name, centers[id]![f]!])),
      sample_leads: nearest[id]!.map(([, lead]) => lead),
    };
  });
  return {
    clusters,
    labelOf: (ids) => {
      if (withheld !== undefined) return undefined;
      if (ids.length === 1) return names[ids[0]!]!.label;
      const tally = mergeTallies(ids.map((id): PartialTally => partials[id]!));
      const one = { id: 0, tally, distinctive: distinctiveFeatures(tally, whole, importance) };
      return leadNames([one], whole, leadColumns, locale)[0]!.label;
    },
  };
}

const PREFIX: Readonly<Record<Locale, string>> = { 'pt-BR': 'Segmento', en: 'Segment', es: 'Segmento' };
