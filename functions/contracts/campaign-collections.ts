/**
 * Where the records of campaigns stand in the document store: the collection, the id in it, and the label that lists
 * are narrowed by (requirements S1-54). A collection belongs to one tenant, whose name the store puts before it.
 */

const account = (configId: number) => `A#${configId}`;

/** Collections of one tenant. */
export const COLLECTION = {
  /** Id: model id, which begins with its time. Label: model type. */
  models: 'MODELS',
  /** Which model decides. Id: `documentId(model_type, config_id)`. */
  activeModels: 'ACTIVE_MODELS',
  /** What was made by a forecaster the last time. Id: model id. */
  modelUses: 'MODEL_USES',
  /** Id: `documentId(period, job, config_id)`: a period of a job is there once. Label: the job. */
  jobs: 'JOBS',
  /** Newest per campaign. Id: campaign id. Label: tier. */
  classifications: (configId: number) => `${account(configId)}#TIERS`,
  /** Id: time of classification. */
  classificationHistory: (configId: number, campaignId: string) => `${account(configId)}#TIERS#${campaignId}`,
  /**
   * Id: `documentId(entity_type, entity_id, type, number)`, numbers from 000001 on: of two that issue the same at once, one wins.
   * Label: `active` or `closed`.
   */
  recommendations: (configId: number) => `${account(configId)}#RECOMMENDATIONS`,
  /** Id: `documentId(anomaly_date, entity_type, entity_id, anomaly_type)`. Label: severity. */
  anomalies: (configId: number) => `${account(configId)}#ANOMALIES`,
  /** Id: campaign id: the newest features of each. */
  features: (configId: number) => `${account(configId)}#FEATURES`,
  /** Id: `documentId(forecast_date, target_metric)`: the last of a day holds. */
  forecasts: (configId: number, entityType: string, entityId: string) =>
    `${account(configId)}#FORECASTS#${entityType}#${entityId}`,
  /** Id: `documentId(forecast_date, prediction_type, last known day)`. */
  predictions: (configId: number, entityType: string, entityId: string) =>
    `${account(configId)}#PREDICTIONS#${entityType}#${entityId}`,
} as const;

/** An id of parts that may hold anything: no part can be taken for two. */
export function documentId(...parts: readonly string[]): string {
  return parts.map(encodeURIComponent).join('#');
}

/** Bounds of the ids that begin with these parts. */
export function idsBelow(...parts: readonly string[]): { from: string; to: string } {
  return { from: `${documentId(...parts)}#`, to: `${documentId(...parts)}#\u{10ffff}` };
}

/** A document found by one text that callers may keep and send back: where it stands, in URL-safe letters. */
export function documentRef(...parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The parts of a text that `documentRef` made; undefined for any other. */
export function parseDocumentRef(ref: string): (string | number)[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(ref, 'base64url').toString());
    const known = Array.isArray(parts) && parts.every((part) => ['string', 'number'].includes(typeof part));
    return known && documentRef(...parts) === ref ? parts : undefined;
  } catch {
    return undefined;
  }
}
