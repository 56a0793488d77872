import type { DetectorOptions } from './campaigns/anomaly-methods.ts';
import { detectAnomalies, type EntityAnomaly } from './campaigns/detect-anomalies.ts';
import { entitySeries } from './campaigns/entity-series.ts';
import { explainAnomaly } from './campaigns/explain-anomaly.ts';
import { InsightCollector } from './campaigns/insight-columns.ts';
import type { AnomalyType } from './contracts/anomaly-types.ts';
import { COLLECTION, documentId, documentRef, idsBelow } from './contracts/campaign-collections.ts';
import { type AccountRef, dayNumber, dayText, type EntityType } from './contracts/campaign-entities.ts';
import type { AnomalyRecord, Recommendation, RecommendationType } from './contracts/campaign-records.ts';
import { inParallel } from './in-parallel.ts';
import type { AnalysisPorts, CampaignDocument } from './ports.ts';
import { ACTIVE, isOpen } from './recommend-campaigns.ts';

type AnomalyDocument = CampaignDocument<AnomalyRecord>;
type Stores = Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'events'>;

/** Days before the first judged one that its expectation may rest on. */
const HISTORY_DAYS = 28;

/** What a detection looks at. */
export interface DetectRequest {
  readonly entityType: EntityType;
  /** Default: all of the account. */
  readonly entityIds?: readonly string[] | undefined;
  readonly asOf: string;
  /** Days up to `asOf` that are judged. */
  readonly days: number;
  readonly at: Date;
  readonly options: DetectorOptions;
}

/** What a detection found. */
export interface DetectedAnomalies {
  /** As stored: one that was known before with what was done about it. */
  readonly anomalies: readonly AnomalyRecord[];
  readonly known: number;
}

/** Recommendations that answer an anomaly, the fittest first. */
const ANSWERS: Partial<Record<AnomalyType, readonly RecommendationType[]>> = {
  SPEND_SPIKE: ['BUDGET_DECREASE', 'PAUSE_CAMPAIGN'],
  CPL_SPIKE: ['PAUSE_CAMPAIGN', 'BUDGET_DECREASE', 'CREATIVE_REFRESH', 'AUDIENCE_REVIEW'],
  CPL_DROP: ['SCALE_UP', 'BUDGET_INCREASE'],
  CTR_DROP: ['CREATIVE_REFRESH', 'AUDIENCE_REVIEW'],
  PERFORMANCE_DROP: ['PAUSE_CAMPAIGN', 'AUDIENCE_REVIEW', 'CREATIVE_REFRESH', 'BUDGET_DECREASE'],
  PERFORMANCE_SPIKE: ['SCALE_UP', 'BUDGET_INCREASE'],
  FREQUENCY_ALERT: ['CREATIVE_REFRESH', 'AUDIENCE_REVIEW'],
  REACH_SATURATION: ['AUDIENCE_REVIEW', 'CREATIVE_REFRESH'],
  ZERO_SPEND: ['REACTIVATE'],
};

/**
 * Detects anomalies of an account's entities, and stores those that are new: a second detection of the same day changes
 * nothing. Critical ones are published as events, once each where nothing fails and again where it is not known whether
 * they were, and linked to the active recommendation that answers them.
 */
export async function detectAccountAnomalies(
  stores: Stores,
  account: AccountRef,
  request: DetectRequest,
): Promise<DetectedAnomalies> {
  const found = await anomaliesOf(stores, account, request);
  const stored = await inParallel(found, (record) => store(stores, account, record));
  const unsent = stored
    .map(({ document }) => document)
    .filter(({ value }) => value.severity === 'CRITICAL' && value.notified_at === null);
  const sent = await notify(stores, unsent, request.at);
  return {
    anomalies: stored.map(({ document }) => sent.get(document.id) ?? document.value),
    known: stored.filter(({ isNew }) => !isNew).length,
  };
}

async function anomaliesOf(
  { insights }: Stores,
  account: AccountRef,
  { entityType, entityIds, asOf, days, at, options }: DetectRequest,
): Promise<AnomalyRecord[]> {
  const range = { from: dayText(dayNumber(asOf) - days + 1 - HISTORY_DAYS), to: asOf };
  const collector = new InsightCollector(range);
  const asked = entityIds && new Set(entityIds);
  for await (const { entityId, days: known } of insights.days(account, entityType, range)) {
    if (!asked || asked.has(entityId)) collector.add(entityId, known);
  }
  const columns = collector.columns();
  return columns.entityIds.flatMap((entityId, entity) => {
    const series = entitySeries(columns, entity);
    return Array.from({ length: days }, (_, n) => HISTORY_DAYS + n).flatMap((day) =>
      detectAnomalies(series, day, options).map((anomaly) =>
        recordOf(anomaly, account, { entityType, entityId, date: dayText(columns.firstDay + day), at }),
      ),
    );
  });
}

interface Place {
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly date: string;
  readonly at: Date;
}

function recordOf(
  anomaly: EntityAnomaly,
  { configId }: AccountRef,
  { entityType, entityId, date, at }: Place,
): AnomalyRecord {
  return {
    id: documentRef(configId, documentId(date, entityType, entityId, anomaly.type)),
    config_id: configId,
    entity_type: entityType,
    entity_id: entityId,
    anomaly_type: anomaly.type,
    metric_name: anomaly.metric,
    observed_value: anomaly.observed,
    expected_value: anomaly.expected,
    deviation_score: anomaly.score,
    deviation_unit: anomaly.unit,
    severity: anomaly.severity,
    methods: [...anomaly.methods],
    seasonal: anomaly.seasonal,
    explanation: explainAnomaly(anomaly, date),
    is_acknowledged: false,
    acknowledged_at: null,
    acknowledged_by: null,
    resolution_notes: null,
    anomaly_date: date,
    detected_at: at.toISOString(),
    notified_at: null,
    recommendation_id: null,
  };
}

async function store(
  stores: Stores,
  { tenant, configId }: AccountRef,
  record: AnomalyRecord,
): Promise<{ document: AnomalyDocument; isNew: boolean }> {
  const { anomaly_date, entity_type, entity_id, anomaly_type, severity } = record;
  const id = documentId(anomaly_date, entity_type, entity_id, anomaly_type);
  const collection = COLLECTION.anomalies(configId);
  const existing = await stores.campaignDocuments.get<AnomalyRecord>(tenant, collection, id);
  if (existing) return { document: existing, isNew: false };
  const recommendation_id = severity === 'CRITICAL' ? await answerTo(stores, tenant, record) : null;
  const value = { ...record, recommendation_id };
  const document = { tenant, collection, id, label: severity, revision: 1, value };
  // False: another detection stored it at the same moment.
  return { document, isNew: await stores.campaignDocuments.write(document) };
}

/** The active recommendation of a campaign that fits best. */
async function answerTo(
  { campaignDocuments }: Stores,
  tenant: string,
  { config_id, entity_type, entity_id, anomaly_type, detected_at }: AnomalyRecord,
): Promise<string | null> {
  const fitting = ANSWERS[anomaly_type] ?? [];
  if (entity_type !== 'campaign' || fitting.length === 0) return null;
  const page = await campaignDocuments.list<Recommendation>(tenant, COLLECTION.recommendations(config_id), {
    ...idsBelow('campaign', entity_id),
    label: ACTIVE,
    limit: 100,
  });
  const open = page.items.map(({ value }) => value).filter((one) => isOpen(one, new Date(detected_at)));
  const best = fitting.map((type) => open.find((one) => one.recommendation_type === type)).find(Boolean);
  return best?.id ?? null;
}

/** Publishes, and then notes that it has: where the note fails, the next detection publishes again. */
async function notify(
  { campaignDocuments, events }: Stores,
  unsent: readonly AnomalyDocument[],
  at: Date,
): Promise<Map<string, AnomalyRecord>> {
  if (unsent.length === 0) return new Map();
  await events.publish(
    unsent.map(({ tenant, value }) => ({ type: 'Critical Anomaly', tenant, detail: { ...value } })),
  );
  const noted = await inParallel(unsent, async (document) => {
    const value = { ...document.value, notified_at: at.toISOString() };
    await campaignDocuments.write({ ...document, revision: document.revision + 1, value });
    return [document.id, value] as const;
  });
  return new Map(noted);
}
