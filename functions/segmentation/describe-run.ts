import type { FittedRecipe } from '../contracts/recipe.ts';
import { type CustomerCells, findLeadColumns, leadCell } from '../segments/lead-columns.ts';
import type { LeadNameTable } from '../segments/lead-name-rules.ts';
import type { Locale } from '../segments/localized-text.ts';
import { explainOutlier, type OutlierDescription } from '../segments/outliers.ts';
import type { NearestCustomers } from '../segments/sample-leads.ts';
import { mergeTallies, type PartialTally } from '../segments/segment-tally.ts';
import { judgeRun, type RunFacts } from '../segments/verdicts.ts';
import { treeDetails } from './cluster-hierarchical.ts';
import type { AnalysisFit } from './run-analysis.ts';
import { factsOf, populationOf, type Segmentation } from './segment-table.ts';
import { type DescribedRows, describeClusters } from './table-description.ts';

/** One algorithm of a run, its tallies merged over all buckets. */
export interface MergedAnalysis {
  readonly fit: AnalysisFit;
  /** Per cluster. */
  readonly partials: readonly PartialTally[];
  readonly nearest: readonly NearestCustomers[];
  /** In the order of `fit.far`. */
  readonly outliers: readonly { readonly id: string; readonly cells: CustomerCells }[];
  /** Number that each cluster is known by; default: its place. */
  readonly ids?: readonly number[];
}

/** What is said of one algorithm of a run: the answer of a request without its members, and the words of each cluster. */
export interface RunSegmentation extends Omit<Segmentation, 'members' | 'outliers'> {
  readonly outliers?: readonly RunOutlier[];
  /** Per cluster, what it is called without its number; null where names are withheld. */
  readonly labels: readonly (string | null)[];
}

/** An outlier with the values that are listed of it. */
export interface RunOutlier extends OutlierDescription {
  readonly listed: {
    readonly behavior_score: number | null;
    readonly days_since_lead: number | null;
    readonly country: string | null;
    readonly state: string | null;
    readonly utm_source: string | null;
    readonly utm_medium: string | null;
  };
}

/** What holds for all algorithms of a run. */
export interface RunContext {
  readonly recipe: FittedRecipe;
  readonly locale: Locale;
  /** Cut points and words of names. */
  readonly names: LeadNameTable;
  /** Facts that no algorithm changes: rows, the least of them, structure. */
  readonly known: RunFacts;
}

/**
 * Describes the clusterings of a run: names, characteristics, recommendations, outliers, tree and advice. The first
 * analysis is that of the model, which every row has a cluster in.
 */
export function describeRun(
  analyses: readonly MergedAnalysis[],
  { recipe, locale, names, known }: RunContext,
): RunSegmentation[] {
  const [model] = analyses;
  if (model === undefined) return [];
  const whole = mergeTallies(model.partials);
  const leadColumns = findLeadColumns([...whole.numbers.keys(), ...whole.categories.keys()]);
  const described: DescribedRows = { recipe, locale, names, whole, leadColumns };
  const referenceMs = Date.parse(recipe.referenceAt);
  const explained = {
    columns: findLeadColumns(recipe.columns.map(({ name }) => name)),
    population: populationOf(whole),
    referenceMs,
    locale,
  };

  return analyses.map(({ fit, partials, nearest, outliers, ids }): RunSegmentation => {
    const { algorithm, geometry, validity, density, nFar } = fit;
    const advice = judgeRun(
      algorithm,
      { ...known, ...factsOf(geometry.sizes, validity, whole.size) },
      locale,
    );
    const withheld = advice.find(({ severity }) => severity === 'verdict')?.code;
    const clusters = { partials, nearest, ...(density && { density }), ...(ids && { ids }) };
    const told = describeClusters(described, clusters, geometry, validity, withheld);
    return {
      algorithm,
      n_clusters: fit.nClusters,
      clusters: told.clusters,
      total_leads: whole.size,
      silhouette_scores: { overall: validity.silhouette, by_cluster: validity.byCluster },
      features: {
        used: recipe.features.map(({ name }) => name),
        left_out: recipe.leftOut.map(({ name, reason, detail }) => ({ name, reason, detail })),
      },
      selection: fit.selection,
      advice: advice.map(({ status: _status, ...said }) => said),
      ...(fit.tree ? treeDetails(fit.tree, locale, told.labelOf) : fit.details),
      ...(nFar !== null && {
        n_outliers: nFar,
        outliers: fit.far.map(({ ratio, contributions }, i): RunOutlier => {
          const { id, cells } = outliers[i]!;
          const outlier = { id, ratio: ratio ?? Number.POSITIVE_INFINITY, contributions, cells };
          return {
            ...explainOutlier(outlier, explained),
            listed: listedCells(cells, explained.columns, referenceMs),
          };
        }),
      }),
      labels: partials.map((_, at) => told.labelOf([at]) ?? null),
    };
  });
}

function listedCells(
  cells: CustomerCells,
  columns: ReturnType<typeof findLeadColumns>,
  referenceMs: number,
): RunOutlier['listed'] {
  const cell = (concept: Parameters<typeof leadCell>[2]) => leadCell(cells, columns, concept, referenceMs);
  const number = (concept: Parameters<typeof leadCell>[2]) => {
    const value = cell(concept);
    return typeof value === 'number' ? value : null;
  };
  const text = (concept: Parameters<typeof leadCell>[2]) => {
    const value = cell(concept);
    return typeof value === 'string' ? value : null;
  };
  return {
    behavior_score: number('behavior'),
    days_since_lead: number('daysSince'),
    country: text('country'),
    state: text('state'),
    utm_source: text('source'),
    utm_medium: text('medium'),
  };
}
