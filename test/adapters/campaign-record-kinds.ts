import type { z } from 'zod';
import { COLLECTION, documentId } from '../../functions/contracts/campaign-collections.ts';
import {
  anomalyRecordSchema,
  classificationSchema,
  featureRecordSchema,
  forecastRecordSchema,
  jobRecordSchema,
  predictionSchema,
  recommendationSchema,
  trainedModelSchema,
} from '../../functions/contracts/campaign-records.ts';

/** A record of one kind: where it stands, the label its list is narrowed by, and all of its fields. */
export interface RecordKind {
  readonly kind: string;
  readonly schema: z.ZodObject;
  readonly collection: string;
  readonly id: string;
  readonly label?: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const at = '2026-03-02T09:00:00.000Z';
const day = '2026-03-01';
const entity = { config_id: 1, entity_type: 'campaign', entity_id: 'c1' };

/** One record of each of the eight kinds of requirements S1-45 to S1-52, every field of the source among its own. */
export const RECORD_KINDS: readonly RecordKind[] = [
  {
    kind: 'ml_trained_models',
    schema: trainedModelSchema,
    collection: COLLECTION.models,
    id: 'm1',
    label: 'CAMPAIGN_CLASSIFIER',
    value: {
      ...{
        id: 'm1',
        name: 'campaign-classifier',
        model_type: 'CAMPAIGN_CLASSIFIER',
        version: '1',
        config_id: 1,
      },
      ...{ model_path: 'models/a/1/x.json', parameters: { max_depth: 4 }, feature_columns: ['cpl_ratio'] },
      ...{
        training_metrics: { accuracy: 0.1 + 0.2 },
        validation_metrics: {},
        status: 'READY',
        is_active: false,
      },
      ...{ training_data_start: day, training_data_end: day, samples_count: 50 },
      ...{ created_at: at, trained_at: at, last_used_at: null },
    },
  },
  {
    kind: 'ml_predictions',
    schema: predictionSchema,
    collection: COLLECTION.predictions(1, 'campaign', 'c1'),
    id: documentId(day, 'CPL_FORECAST', day),
    value: {
      ...{ id: 'p1', model_id: null, ...entity, prediction_type: 'CPL_FORECAST', forecast_date: day },
      ...{ horizon_days: 1, predicted_value: 12.3, confidence_lower: 0, confidence_upper: 20.1 },
      ...{ actual_value: 11, absolute_error: 1.3, percentage_error: 11.8, created_at: at },
    },
  },
  {
    kind: 'ml_campaign_classifications',
    schema: classificationSchema,
    collection: COLLECTION.classifications(1),
    id: 'c1',
    label: 'MODERATE',
    value: {
      ...{ id: 't1', config_id: 1, campaign_id: 'c1', tier: 'MODERATE', confidence_score: 0.7 },
      probabilities: { HIGH_PERFORMER: 0.1, MODERATE: 0.7, LOW: 0.1, UNDERPERFORMER: 0.1 },
      ...{ metrics_snapshot: { cpl_7d: null }, feature_importances: { cpl_ratio: 1 }, method: 'model' },
      ...{ model_id: 'm1', previous_tier: 'LOW', tier_change_direction: 'up', tier_since: at },
      ...{ as_of: day, classified_at: at, valid_until: at },
    },
  },
  {
    kind: 'ml_recommendations',
    schema: recommendationSchema,
    collection: COLLECTION.recommendations(1),
    id: documentId('campaign', 'c1', 'SCALE_UP', '000001'),
    label: 'active',
    value: {
      ...{
        id: 'r1',
        ...entity,
        recommendation_type: 'SCALE_UP',
        priority: 8,
        title: 'Escalar',
        description: 'ã',
      },
      ...{
        suggested_action: { field: 'status', current: null },
        confidence_score: 0.5,
        reasoning: { cpl: 1 },
      },
      ...{ is_active: true, was_applied: false, applied_at: null, applied_by: null, dismissed: false },
      ...{ dismissed_at: null, dismissed_by: null, dismissed_reason: null, created_at: at, expires_at: at },
    },
  },
  {
    kind: 'ml_anomalies',
    schema: anomalyRecordSchema,
    collection: COLLECTION.anomalies(1),
    id: documentId(day, 'campaign', 'c1', 'SPEND_SPIKE'),
    label: 'CRITICAL',
    value: {
      ...{ id: 'a1', ...entity, anomaly_type: 'SPEND_SPIKE', metric_name: 'spend', observed_value: 900 },
      ...{ expected_value: 100, deviation_score: 5.5, deviation_unit: 'z', severity: 'CRITICAL' },
      ...{
        methods: ['zscore'],
        seasonal: true,
        explanation: 'x',
        is_acknowledged: true,
        acknowledged_at: at,
      },
      ...{ acknowledged_by: 'key', resolution_notes: 'ok', anomaly_date: day, detected_at: at },
      ...{ notified_at: at, recommendation_id: 'r1' },
    },
  },
  {
    kind: 'ml_features',
    schema: featureRecordSchema,
    collection: COLLECTION.features(1),
    id: 'c1',
    value: {
      ...{ id: 'f1', config_id: 1, campaign_id: 'c1', window_days: 30, feature_date: day },
      ...{
        features: { cpl_7d: null, spend_7d: 1e-9, is_active: true },
        insufficient_data: false,
        created_at: at,
      },
    },
  },
  {
    kind: 'ml_forecasts',
    schema: forecastRecordSchema,
    collection: COLLECTION.forecasts(1, 'campaign', 'c1'),
    id: documentId(day, 'leads'),
    value: {
      ...{ id: 'o1', ...entity, target_metric: 'leads', horizon_days: 7, method: 'ema', predictions: [] },
      ...{ band: 'model', backtest: { origins: 0, methods: [] }, forecast_date: day, window_days: 90 },
      ...{ model_version: '1', insufficient_data: true, prediction_type: 'LEADS_FORECAST', created_at: at },
    },
  },
  {
    kind: 'ml_training_jobs',
    schema: jobRecordSchema,
    collection: COLLECTION.jobs,
    id: documentId('2026-03-02T09:00Z', 'daily-model-retraining', '1'),
    label: 'daily-model-retraining',
    value: {
      ...{ id: 'j1', job: 'daily-model-retraining', period: '2026-03-02T09:00Z', config_id: 1 },
      ...{
        model_type: 'CAMPAIGN_CLASSIFIER',
        task_id: 'e1',
        status: 'FAILED',
        progress: 0.5,
        model_id: null,
      },
      ...{ error_message: 'x', created_at: at, started_at: at, completed_at: at },
    },
  },
];
