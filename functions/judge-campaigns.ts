import { activeModel, openModelFile } from './campaign-models.ts';
import {
  type BoostedTrees,
  gainImportances,
  predictProbabilities,
  trainingColumns,
} from './campaigns/boosted-trees.ts';
import {
  type CampaignFeatures,
  campaignFeatures,
  type FeatureColumns,
} from './campaigns/campaign-features.ts';
import { type ClassifierInputs, classifierInputs } from './campaigns/classifier-inputs.ts';
import { likeliest } from './campaigns/classifier-metrics.ts';
import { InsightCollector, type InsightColumns } from './campaigns/insight-columns.ts';
import { type TierVerdict, tierByRules } from './campaigns/tier-rules.ts';
import type { ClassifyMethod } from './contracts/campaign-classifications.ts';
import { COLLECTION } from './contracts/campaign-collections.ts';
import { type AccountRef, dayNumber, dayText } from './contracts/campaign-entities.ts';
import { CLASSIFIER_COLUMNS, FEATURE_WINDOW_DAYS } from './contracts/campaign-features.ts';
import { type Classification, TIERS, type Tier } from './contracts/campaign-records.ts';
import { InvalidRequestError } from './errors.ts';
import type { AnalysisPorts, Ports } from './ports.ts';

/** Features of an account's campaigns, and what their days say of each. */
export interface AccountFeatures {
  readonly columns: InsightColumns;
  readonly features: FeatureColumns;
  readonly inputs: ClassifierInputs;
}

/** A judged account: per campaign its tier, undefined where there was no spend. */
export interface JudgedAccount extends AccountFeatures {
  readonly method: 'rules' | 'model';
  readonly modelId: string | null;
  readonly importances: Readonly<Record<string, number>>;
  readonly verdicts: readonly (TierVerdict | undefined)[];
}

/** Reads the 30 days up to `asOf` of every campaign of an account, and makes the features of it. */
export async function accountFeatures(
  { insights }: Pick<AnalysisPorts, 'insights'>,
  account: AccountRef,
  asOf: string,
): Promise<AccountFeatures> {
  const range = { from: dayText(dayNumber(asOf) - FEATURE_WINDOW_DAYS + 1), to: asOf };
  const collector = new InsightCollector(range);
  for await (const { entityId, days } of insights.days(account, 'campaign', range)) {
    collector.add(entityId, days);
  }
  const columns = collector.columns();
  const features = campaignFeatures(columns, asOf);
  return { columns, features, inputs: classifierInputs(features) };
}

/**
 * Gives every campaign of an account its tier on one day: the model's where one is active, else the rules'. The rules
 * judge the 7 days, a model says what the next 7 will be.
 * @throws InvalidRequestError for a model where none is active
 */
export async function judgeAccount(
  ports: Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'objects'>,
  account: AccountRef,
  { asOf, method }: { asOf: string; method: ClassifyMethod },
): Promise<JudgedAccount> {
  const [found, active] = await Promise.all([
    accountFeatures(ports, account, asOf),
    method === 'rules' ? undefined : activeModel(ports, account),
  ]);
  if (active) {
    const trees = await openModelFile(ports, active.model_path);
    const verdicts = verdictsOf(trees, found);
    return { ...found, method: 'model', modelId: active.id, importances: gainImportances(trees), verdicts };
  }
  if (method === 'model') {
    throw new InvalidRequestError(
      'Invalid input: body /method: no model is active. Train one, or take "auto" or "rules".',
      { reason: 'no_active_model' },
    );
  }
  const { values, averages } = found.features;
  const verdicts = found.features.entityIds.map((_, entity) =>
    tierByRules({
      spend: values.spend_7d[entity]!,
      leads: values.leads_7d[entity]!,
      daysWithLeads: values.days_with_leads_7d[entity]!,
      averageCpl: averages.average_cpl,
    }),
  );
  return { ...found, method: 'rules', modelId: null, importances: {}, verdicts };
}

/** What a model says of every campaign that spent. */
function verdictsOf(trees: BoostedTrees, { features, inputs }: AccountFeatures): JudgedAccount['verdicts'] {
  const columns = trainingColumns(CLASSIFIER_COLUMNS.map((column) => inputs[column]));
  const told = predictProbabilities(trees, columns);
  const places = likeliest(told, features.entityIds.length);
  return features.entityIds.map((_, entity) => {
    if (features.insufficient[entity] === 1) return undefined;
    const probabilities = Object.fromEntries(
      TIERS.map((tier, place) => [tier, told[place]![entity]!]),
    ) as Record<Tier, number>;
    const tier = TIERS[places[entity]!]!;
    return { tier, confidence: probabilities[tier], probabilities };
  });
}

/** All newest classifications of an account, by campaign. */
export async function newestClassifications(
  { campaignDocuments }: Pick<Ports, 'campaignDocuments'>,
  { tenant, configId }: AccountRef,
): Promise<Map<string, Classification>> {
  const newest = new Map<string, Classification>();
  const collection = COLLECTION.classifications(configId);
  let cursor: string | undefined;
  do {
    const page = await campaignDocuments.list<Classification>(tenant, collection, { limit: 1000, cursor });
    for (const { id, value } of page.items) newest.set(id, value);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return newest;
}

/** Features with what they were compared with, as a classification keeps them. */
export function snapshotOf(
  features: CampaignFeatures,
  inputs: Readonly<Record<string, number | null>>,
  { features: { averages } }: AccountFeatures,
): Classification['metrics_snapshot'] {
  const { average_cpl, average_ctr } = averages;
  return { ...features, ...inputs, average_cpl, average_ctr };
}
