import { entitySeries } from './campaigns/entity-series.ts';
import { InsightCollector } from './campaigns/insight-columns.ts';
import { COLLECTION } from './contracts/campaign-collections.ts';
import {
  type AccountRef,
  dayNumber,
  dayText,
  ENTITY_TYPES,
  type EntityType,
} from './contracts/campaign-entities.ts';
import type { Prediction, TargetMetric } from './contracts/campaign-records.ts';
import { validatePrediction } from './forecast/validate.ts';
import { PREDICTION_TYPE } from './forecast-entities.ts';
import { inParallel } from './in-parallel.ts';
import type { AnalysisPorts, CampaignDocument } from './ports.ts';

type Stores = Pick<AnalysisPorts, 'insights' | 'campaignDocuments'>;

/** Days that a late value is waited for. */
const WAIT_DAYS = 7;
const PAGE = 1000;

/**
 * Holds the predictions of the last seven days against what came, entity by entity: actual value, absolute and
 * percentage error. A day that is missing, or has no leads and so no cost per lead, is tried again the next time.
 * @returns number of predictions that were validated now
 */
export async function validateAccount(stores: Stores, account: AccountRef, asOf: string): Promise<number> {
  let validated = 0;
  for (const entityType of ENTITY_TYPES) {
    let cursor: string | undefined;
    do {
      const page = await stores.insights.entities(account, entityType, { limit: PAGE, cursor });
      const counts = await inParallel(page.items, ({ entity_id }) =>
        validateEntity(stores, account, entityType, entity_id, asOf),
      );
      validated += counts.reduce((sum, count) => sum + count, 0);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  return validated;
}

async function validateEntity(
  stores: Stores,
  account: AccountRef,
  entityType: EntityType,
  entityId: string,
  asOf: string,
): Promise<number> {
  const range = { from: dayText(dayNumber(asOf) - WAIT_DAYS + 1), to: asOf };
  const due = (await duePredictions(stores, account, entityType, entityId, range)).filter(
    ({ value }) => value.actual_value === null,
  );
  if (due.length === 0) return 0;
  const collector = new InsightCollector(range);
  collector.add(entityId, await stores.insights.entityDays(account, entityType, entityId, range));
  const columns = collector.columns();
  const { values } = entitySeries(columns, 0);
  const metrics = new Map(
    Object.entries(PREDICTION_TYPE).map(([metric, type]) => [type, metric as TargetMetric]),
  );
  const validated = due.flatMap((document) => {
    const { prediction_type, forecast_date } = document.value;
    const actual = values[metrics.get(prediction_type)!][dayNumber(forecast_date) - columns.firstDay]!;
    return Number.isNaN(actual) ? [] : [validatedDocument(document, actual)];
  });
  const written = await inParallel(validated, (document) => stores.campaignDocuments.write(document));
  return written.filter(Boolean).length;
}

async function duePredictions(
  { campaignDocuments }: Stores,
  { tenant, configId }: AccountRef,
  entityType: EntityType,
  entityId: string,
  { from, to }: { from: string; to: string },
): Promise<CampaignDocument<Prediction>[]> {
  const collection = COLLECTION.predictions(configId, entityType, entityId);
  const found: CampaignDocument<Prediction>[] = [];
  let cursor: string | undefined;
  do {
    const query = { from, to: `${to}#\u{10ffff}`, limit: PAGE, cursor };
    const page = await campaignDocuments.list<Prediction>(tenant, collection, query);
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

function validatedDocument(
  document: CampaignDocument<Prediction>,
  actual: number,
): CampaignDocument<Prediction> {
  const { predicted_value: predicted, confidence_lower, confidence_upper } = document.value;
  const band = { predicted, lower: confidence_lower ?? predicted, upper: confidence_upper ?? predicted };
  const { actualValue, absoluteError, percentageError = null } = validatePrediction(band, actual);
  const value: Prediction = {
    ...document.value,
    actual_value: actualValue,
    absolute_error: absoluteError,
    percentage_error: percentageError,
  };
  return { ...document, revision: document.revision + 1, value };
}
