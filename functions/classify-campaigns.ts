import { featuresOf } from './campaigns/campaign-features.ts';
import { inputsOf } from './campaigns/classifier-inputs.ts';
import { tierChange } from './campaigns/tier-rules.ts';
import type { ClassifyMethod } from './contracts/campaign-classifications.ts';
import { COLLECTION, documentRef } from './contracts/campaign-collections.ts';
import type { AccountRef } from './contracts/campaign-entities.ts';
import { type AccountAverages, FEATURE_WINDOW_DAYS } from './contracts/campaign-features.ts';
import type { Classification, FeatureRecord } from './contracts/campaign-records.ts';
import { type JudgedAccount, judgeAccount, newestClassifications, snapshotOf } from './judge-campaigns.ts';
import type { AnalysisPorts, CampaignDocument } from './ports.ts';

/** Hours that a tier holds: two daily classifications, so that one may be missed. */
const VALID_HOURS = 48;

/** What is to be classified, and as of when. */
export interface ClassifyRequest {
  readonly asOf: string;
  /** Instant that the classification counts as made at: the same instant again overwrites the same records. */
  readonly at: Date;
  readonly method: ClassifyMethod;
  /** Default: all campaigns of the account. */
  readonly campaignIds?: readonly string[] | undefined;
}

/** What a classification found. */
export interface ClassifiedAccount {
  readonly method: 'rules' | 'model';
  readonly modelId: string | null;
  readonly averages: AccountAverages;
  readonly classifications: readonly Classification[];
  /** Campaigns without spend in the 7 days. */
  readonly insufficient: readonly string[];
}

/** Classifies campaigns of an account, and stores tiers and features, the newest of each campaign beside its history. */
export async function classifyCampaigns(
  ports: Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'objects'>,
  account: AccountRef,
  request: ClassifyRequest,
): Promise<ClassifiedAccount> {
  const [judged, former] = await Promise.all([
    judgeAccount(ports, account, request),
    newestClassifications(ports, account),
  ]);
  const asked = request.campaignIds && new Set(request.campaignIds);
  const classifications: Classification[] = [];
  const features: FeatureRecord[] = [];
  const insufficient: string[] = [];
  for (const [entity, id] of judged.features.entityIds.entries()) {
    if (asked && !asked.has(id)) continue;
    features.push(featureRecord(judged, entity, account, request));
    const classification = classificationOf(judged, entity, account, request, former.get(id));
    if (classification) classifications.push(classification);
    else insufficient.push(id);
  }
  const { method, modelId, features: found } = judged;
  const { tenant, configId } = account;
  const documents = function* (): Generator<CampaignDocument<Classification | FeatureRecord>> {
    for (const value of classifications) {
      const { campaign_id: id, tier, classified_at } = value;
      const common = { tenant, revision: 1, value };
      yield { ...common, collection: COLLECTION.classifications(configId), id, label: tier };
      yield { ...common, collection: COLLECTION.classificationHistory(configId, id), id: classified_at };
    }
    for (const value of features) {
      const collection = COLLECTION.features(configId);
      yield { tenant, collection, id: value.campaign_id, revision: 1, value };
    }
  };
  await ports.campaignDocuments.writeAll(documents());
  return { method, modelId, averages: found.averages, classifications, insufficient };
}

function classificationOf(
  judged: JudgedAccount,
  entity: number,
  { configId }: AccountRef,
  { at, asOf }: ClassifyRequest,
  former: Classification | undefined,
): Classification | undefined {
  const verdict = judged.verdicts[entity];
  if (!verdict) return undefined;
  const campaignId = judged.features.entityIds[entity]!;
  const classifiedAt = at.toISOString();
  // Made again for the same instant, it still follows the one before.
  const isSame = former?.classified_at === classifiedAt;
  const previous = (isSame ? former?.previous_tier : former?.tier) ?? null;
  const { tier, confidence, probabilities } = verdict;
  return {
    id: documentRef(configId, campaignId, classifiedAt),
    config_id: configId,
    campaign_id: campaignId,
    tier,
    confidence_score: confidence,
    probabilities,
    metrics_snapshot: snapshotOf(
      featuresOf(judged.features, entity),
      inputsOf(judged.inputs, entity),
      judged,
    ),
    feature_importances: judged.importances,
    method: judged.method,
    model_id: judged.modelId,
    previous_tier: previous,
    tier_change_direction: tierChange(tier, previous),
    tier_since: former && former.tier === tier ? former.tier_since : classifiedAt,
    as_of: asOf,
    classified_at: classifiedAt,
    valid_until: new Date(at.getTime() + VALID_HOURS * 3_600_000).toISOString(),
  };
}

/** The features of one campaign as a record. */
export function featureRecord(
  { features }: Pick<JudgedAccount, 'features'>,
  entity: number,
  { configId }: AccountRef,
  { at, asOf }: Pick<ClassifyRequest, 'at' | 'asOf'>,
): FeatureRecord {
  const campaignId = features.entityIds[entity]!;
  return {
    id: documentRef(configId, campaignId, asOf),
    config_id: configId,
    campaign_id: campaignId,
    window_days: FEATURE_WINDOW_DAYS,
    feature_date: asOf,
    features: featuresOf(features, entity),
    insufficient_data: features.insufficient[entity] === 1,
    created_at: at.toISOString(),
  };
}
