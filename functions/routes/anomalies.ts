import { lastWholeDay } from '../campaign-day.ts';
import { ANOMALY_TYPES } from '../contracts/anomaly-types.ts';
import {
  acknowledgeBodySchema,
  anomaliesPageSchema,
  anomaliesQuerySchema,
  anomalyPathSchema,
  anomalySummaryQuerySchema,
  anomalySummarySchema,
  detectAnswerSchema,
  detectBodySchema,
} from '../contracts/campaign-anomalies.ts';
import { MOST_ANSWERED } from '../contracts/campaign-classifications.ts';
import { COLLECTION, parseDocumentRef } from '../contracts/campaign-collections.ts';
import { dayNumber, dayText } from '../contracts/campaign-entities.ts';
import { type AnomalyRecord, anomalyRecordSchema, SEVERITIES } from '../contracts/campaign-records.ts';
import { detectAccountAnomalies } from '../detect-account-anomalies.ts';
import { ConflictError, NotFoundError } from '../errors.ts';
import { defineRoute } from './route.ts';

/** Days that the summary looks back on by default. */
const SUMMARY_DAYS = 30;
const WEEK = 7;
/** Above the ids of everything that is of a day. */
const endOf = (day: string | undefined) => (day === undefined ? undefined : `${day}#\u{10ffff}`);

/** Detects now. */
export const detectNow = defineRoute({
  method: 'POST',
  path: '/api/v1/anomalies/detect',
  scope: 'campaigns:write',
  summary: 'Detect what is out of the ordinary with the entities of an account',
  description:
    'Anomalies are stored once: detected again, one keeps what was done about it. New critical ones are published as events.',
  body: detectBodySchema,
  status: 200,
  answer: detectAnswerSchema,
  async handle({ tenant, body }, ports) {
    const at = ports.clock.now();
    const asOf = body.as_of ?? lastWholeDay(at);
    const account = { tenant, configId: body.config_id };
    const { anomalies, known } = await detectAccountAnomalies(ports, account, {
      entityType: body.entity_type,
      entityIds: body.entity_ids,
      asOf,
      days: body.days,
      at,
      options: {
        zThreshold: body.z_threshold,
        iqrMultiplier: body.iqr_multiplier,
        minHistory: body.min_history_days,
        seasonLength: body.seasonal ? WEEK : undefined,
      },
    });
    return {
      body: {
        config_id: body.config_id,
        as_of: asOf,
        anomalies: anomalies.slice(0, MOST_ANSWERED),
        detected: anomalies.length,
        already_known: known,
      },
    };
  },
});

/** Lists anomalies. */
export const listAnomalies = defineRoute({
  method: 'GET',
  path: '/api/v1/anomalies',
  scope: 'campaigns:read',
  summary: 'Anomalies of an account, newest day first',
  query: anomaliesQuerySchema,
  status: 200,
  answer: anomaliesPageSchema,
  async handle({ tenant, query }, { campaignDocuments }) {
    const { config_id, severity, from, to, limit, cursor, ...filters } = query;
    const page = await campaignDocuments.list<AnomalyRecord>(tenant, COLLECTION.anomalies(config_id), {
      label: severity,
      from,
      to: endOf(to),
      descending: true,
      limit,
      cursor,
    });
    const { anomaly_type, entity_type, entity_id, acknowledged } = filters;
    const isAsked = (one: AnomalyRecord) =>
      (anomaly_type === undefined || one.anomaly_type === anomaly_type) &&
      (entity_type === undefined || one.entity_type === entity_type) &&
      (entity_id === undefined || one.entity_id === entity_id) &&
      (acknowledged === undefined || one.is_acknowledged === acknowledged);
    const anomalies = page.items.map(({ value }) => value).filter(isAsked);
    return { body: { config_id, anomalies, ...(page.cursor && { cursor: page.cursor }) } };
  },
});

/** Counts anomalies. */
export const anomalySummary = defineRoute({
  method: 'GET',
  path: '/api/v1/anomalies/summary',
  scope: 'campaigns:read',
  summary: 'Anomalies of an account in numbers',
  query: anomalySummaryQuerySchema,
  status: 200,
  answer: anomalySummarySchema,
  async handle({ tenant, query }, { campaignDocuments, clock }) {
    const to = query.to ?? lastWholeDay(clock.now());
    const from = query.from ?? dayText(dayNumber(to) - SUMMARY_DAYS + 1);
    const all: AnomalyRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await campaignDocuments.list<AnomalyRecord>(
        tenant,
        COLLECTION.anomalies(query.config_id),
        {
          from,
          to: endOf(to),
          limit: 1000,
          cursor,
        },
      );
      all.push(...page.items.map(({ value }) => value));
      cursor = page.cursor;
    } while (cursor !== undefined);
    const count = (isCounted: (one: AnomalyRecord) => boolean) => all.filter(isCounted).length;
    const counts = <K extends string>(keys: readonly K[], keyOf: (one: AnomalyRecord) => K) =>
      Object.fromEntries(keys.map((key) => [key, count((one) => keyOf(one) === key)])) as Record<K, number>;
    return {
      body: {
        config_id: query.config_id,
        from,
        to,
        total: all.length,
        unacknowledged: count((one) => !one.is_acknowledged),
        by_severity: counts(SEVERITIES, (one) => one.severity),
        by_type: counts(ANOMALY_TYPES, (one) => one.anomaly_type),
        last_detected_at:
          all
            .map((one) => one.detected_at)
            .sort()
            .at(-1) ?? null,
      },
    };
  },
});

/** Takes an anomaly to the knowledge of somebody. */
export const acknowledgeAnomaly = defineRoute({
  method: 'POST',
  path: '/api/v1/anomalies/{id}/acknowledge',
  scope: 'campaigns:write',
  summary: 'Record that somebody has seen an anomaly, and what was done about it',
  params: anomalyPathSchema,
  body: acknowledgeBodySchema,
  bodyOptional: true,
  status: 200,
  answer: anomalyRecordSchema,
  problems: { 404: 'The tenant has no such anomaly.', 409: 'It was acknowledged before.' },
  async handle({ tenant, keyId, params: { id: ref }, body }, { campaignDocuments, clock }) {
    const [configId, id, ...more] = parseDocumentRef(ref) ?? [];
    const isRef = typeof configId === 'number' && typeof id === 'string' && id !== '' && more.length === 0;
    const document = isRef
      ? await campaignDocuments.get<AnomalyRecord>(tenant, COLLECTION.anomalies(configId), id)
      : undefined;
    if (!document) {
      throw new NotFoundError(
        `There is no anomaly ${ref}. GET /api/v1/anomalies lists them with their ids.`,
        { reason: 'no_such_anomaly' },
      );
    }
    const { acknowledged_by = keyId, resolution_notes = null } = body;
    const acknowledged = {
      is_acknowledged: true,
      acknowledged_at: clock.now().toISOString(),
      acknowledged_by,
    };
    const value = { ...document.value, ...acknowledged, resolution_notes };
    const next = { ...document, revision: document.revision + 1, value };
    if (!document.value.is_acknowledged && (await campaignDocuments.write(next))) return { body: value };
    throw new ConflictError(
      'The anomaly is acknowledged already, or was changed at this moment. Read it again; its notes stay.',
      { reason: 'acknowledged' },
    );
  },
});
