import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../cli/table-file.ts';
import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { headOf } from '../../functions/features/entity-table.ts';
import { suggestSpecs } from '../../functions/features/suggest-specs.ts';
import { loadKernelsSync } from '../../functions/kernels/instance.ts';
import { readEntities } from '../../functions/segmentation/read-entities.ts';
import { type Segmentation, segmentTable } from '../../functions/segmentation/segment-table.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const kernels = loadKernelsSync();

/** Segments the first rows of a table in canonical order, by all algorithms. */
async function segmented(file: string, nRows: number, config: object = {}): Promise<Segmentation[]> {
  const settings = datasetConfigSchema.parse(config);
  await using source = await openFile(join(DATA, file));
  const { table, kind, entity, referenceMs } = await readEntities(source, settings);
  const { columns, timeColumn } = entity;
  const spec = suggestSpecs({ config: settings, kind, columns, timeColumn });
  return segmentTable(
    kernels,
    { table: headOf(table, nRows), columns, spec, referenceMs },
    {
      algorithms: ['kmeans', 'dbscan', 'hierarchical'],
      nClusters: 'auto',
      epsilon: 'auto',
      minSamples: 5,
      maxDepth: 3,
      minSilhouette: 0.3,
      minDataPoints: 100,
      locale: 'en',
      seed: 42,
    },
  );
}

/** What holds of every segmentation of every table. */
function checkSound(found: readonly Segmentation[], nRows: number): void {
  for (const { algorithm, clusters, members, outliers = [], n_outliers = 0, tree, advice } of found) {
    expect(members, algorithm).toHaveLength(nRows);
    const sizes = clusters.reduce((sum, { size }) => sum + size, 0);
    expect(sizes + (algorithm === 'dbscan' ? n_outliers : 0)).toBe(nRows);
    expect(new Set(clusters.map(({ name }) => name)).size).toBe(clusters.length);
    for (const { confidence } of members) expect(confidence >= 0 && confidence <= 1).toBe(true);
    for (const { risk_score, contributions } of outliers) {
      expect(contributions.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(
        risk_score,
        9,
      );
    }
    if (tree) expect(tree.level_0.size).toBe(nRows);
    for (const {
      action_recommendations,
      bid_recommendations,
      campaign_recommendations,
      size,
      ...rest
    } of clusters) {
      expect(size).toBeGreaterThan(0);
      expect(rest.sample_leads.length).toBe(Math.min(3, size));
      for (const given of [action_recommendations, bid_recommendations, campaign_recommendations]) {
        expect(given.length).toBeGreaterThan(0);
      }
    }
    // Answers go through the platform: 6 MB.
    expect(JSON.stringify({ clusters, members, outliers, advice }).length).toBeLessThan(4_000_000);
  }
}

const real = (name: string, file: string, test: () => Promise<void>) =>
  it.skipIf(!existsSync(join(DATA, file)))(`${name} (${file})`, test, 60_000);

describe('segmentations of real tables', () => {
  const wholesale = 'wholesale_customers/wholesale_customers.csv';
  real('tell restaurants from shops among the clients of a wholesaler', wholesale, async () => {
    const spending = ['Fresh', 'Milk', 'Grocery', 'Frozen', 'Detergents_Paper', 'Delicassen'];
    // The channel is told of the segments but takes no part in finding them.
    const found = await segmented(wholesale, 440, {
      columns: { Channel: { type: 'category' }, Region: { type: 'category' } },
      features: spending.map((column) => ({ kind: 'numeric', column, log1p: true })),
    });
    checkSound(found, 440);
    const [shops] = found[0]!.clusters
      .map(({ characteristics }) => characteristics)
      .sort((a, b) => shareOf(b, 'Channel', '2') - shareOf(a, 'Channel', '2'));
    expect(shareOf(shops!, 'Channel', '2')).toBeGreaterThan(0.6);
    expect(shops!.distributions.Detergents_Paper!.mean).toBeGreaterThan(4000);
    expect(found[1]!.n_outliers).toBeGreaterThan(5);
  });

  const leads = 'x_education_leads/Leads.csv.gz';
  real('tell leads that chat from those that browse, and say that the segments overlap', leads, async () => {
    const found = await segmented(leads, 1500);
    checkSound(found, 1500);
    const [byKMeans] = found;
    const chatting = byKMeans!.clusters.find(
      ({ characteristics }) => shareOf(characteristics, 'Lead Source', 'Olark Chat') > 0.5,
    );
    expect(chatting?.name).toContain('Low Engagement');
    expect(byKMeans!.advice.map(({ code }) => code)).toContain('weak_separation');
    expect(byKMeans!.features.left_out.map(({ reason }) => reason)).toContain('near_constant');
  });

  const shoppers = 'online_shoppers/online_shoppers_intention.csv.gz';
  real('find the sessions that look at many products', shoppers, async () => {
    const found = await segmented(shoppers, 1500, {
      featuresToUse: ['ProductRelated', 'ProductRelated_Duration', 'BounceRates', 'ExitRates', 'PageValues'],
    });
    checkSound(found, 1500);
    const byPages = found[0]!.clusters
      .map(({ characteristics }) => characteristics.distributions.BounceRates!.mean)
      .sort((a, b) => a - b);
    expect(byPages.at(-1)).toBeGreaterThan(0.1);
    expect(byPages[0]).toBeLessThan(0.02);
  });

  const bank = 'bank_marketing/bank-additional-full.csv.gz';
  real('find the economic situations behind contacts of a bank', bank, async () => {
    const found = await segmented(bank, 1500, {
      featuresToUse: ['emp.var.rate', 'cons.price.idx', 'cons.conf.idx', 'euribor3m', 'nr.employed'],
    });
    checkSound(found, 1500);
    const [byKMeans, , byTree] = found;
    expect(byKMeans!.silhouette_scores.overall).toBeGreaterThan(0.6);
    expect(byTree!.tree!.level_0.children).toHaveLength(2);
  });
});

type Characteristics = Segmentation['clusters'][number]['characteristics'];
const shareOf = ({ categories }: Characteristics, column: string, value: string) =>
  categories[column]?.find((one) => one.value === value)?.share ?? 0;
