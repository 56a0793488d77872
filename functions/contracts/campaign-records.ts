import { z } from 'zod';
import { ANOMALY_METHODS, ANOMALY_TYPES, WATCHED_METRICS } from './anomaly-types.ts';
import { isoTime } from './api-fields.ts';
import { configIdSchema, daySchema, entityIdSchema, entityTypeSchema } from './campaign-entities.ts';

/**
 * The eight kinds of records that the campaign service keeps, with the fields and words of the source (requirements
 * S1-45 … S1-53). Ids are texts of ours where the source counts.
 */

/** Kinds of models. */
export const MODEL_TYPES = [
  'TIME_SERIES_CPL',
  'TIME_SERIES_LEADS',
  'CAMPAIGN_CLASSIFIER',
  'ANOMALY_DETECTOR',
  'RECOMMENDER',
] as const;
/** Life of a model. */
export const MODEL_STATUSES = ['TRAINING', 'READY', 'ACTIVE', 'DEPRECATED', 'FAILED'] as const;
/** What a prediction is of. */
export const PREDICTION_TYPES = ['CPL_FORECAST', 'LEADS_FORECAST', 'SPEND_FORECAST'] as const;
/** Tiers of a campaign, best first. */
export const TIERS = ['HIGH_PERFORMER', 'MODERATE', 'LOW', 'UNDERPERFORMER'] as const;
export type Tier = (typeof TIERS)[number];
/** Kinds of recommendations. */
export const RECOMMENDATION_TYPES = [
  'BUDGET_INCREASE',
  'BUDGET_DECREASE',
  'PAUSE_CAMPAIGN',
  'SCALE_UP',
  'CREATIVE_REFRESH',
  'AUDIENCE_REVIEW',
  'REACTIVATE',
  'OPTIMIZE_SCHEDULE',
] as const;
export type RecommendationType = (typeof RECOMMENDATION_TYPES)[number];
/** How bad an anomaly is, mildest first. */
export const SEVERITIES = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
/** Life of a job. */
export const JOB_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

const id = z.string().min(1).max(512);
const fraction = z.number().min(0).max(1);
const numbers = z.record(z.string(), z.number());
const json = z.record(z.string(), z.json());

/** ml_trained_models. */
export const trainedModelSchema = z
  .object({
    id,
    name: z.string(),
    model_type: z.enum(MODEL_TYPES),
    version: z.string(),
    config_id: configIdSchema.nullable(),
    model_path: z.string(),
    parameters: json,
    feature_columns: z.array(z.string()),
    training_metrics: json,
    validation_metrics: json,
    status: z.enum(MODEL_STATUSES).default('TRAINING'),
    is_active: z.boolean().default(false),
    training_data_start: daySchema.nullable(),
    training_data_end: daySchema.nullable(),
    samples_count: z.int().min(0),
    created_at: isoTime,
    trained_at: isoTime.nullable(),
    last_used_at: isoTime.nullable(),
  })
  .meta({ id: 'TrainedModel' });
export type TrainedModel = z.output<typeof trainedModelSchema>;

/** ml_predictions. */
export const predictionSchema = z
  .object({
    id,
    model_id: id.nullable(),
    config_id: configIdSchema,
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    prediction_type: z.enum(PREDICTION_TYPES),
    forecast_date: daySchema,
    horizon_days: z.int().min(1).default(1),
    predicted_value: z.number(),
    confidence_lower: z.number().nullable(),
    confidence_upper: z.number().nullable(),
    actual_value: z.number().nullable(),
    absolute_error: z.number().nullable(),
    percentage_error: z.number().nullable(),
    created_at: isoTime,
  })
  .meta({ id: 'Prediction' });
export type Prediction = z.output<typeof predictionSchema>;

/** ml_campaign_classifications. */
export const classificationSchema = z
  .object({
    id,
    config_id: configIdSchema,
    campaign_id: entityIdSchema,
    tier: z.enum(TIERS),
    confidence_score: fraction,
    probabilities: z.record(z.enum(TIERS), fraction).meta({ description: 'Sum 1.' }),
    metrics_snapshot: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
    feature_importances: numbers.meta({ description: 'By input column; empty where rules decided.' }),
    method: z.enum(['rules', 'model']),
    model_id: id.nullable(),
    previous_tier: z.enum(TIERS).nullable(),
    tier_change_direction: z.enum(['up', 'down', 'same', 'new']),
    tier_since: isoTime.meta({ description: 'First of the classifications in a row with this tier.' }),
    as_of: daySchema.meta({ description: 'Day that the judged 7 days end with.' }),
    classified_at: isoTime,
    valid_until: isoTime,
  })
  .meta({ id: 'CampaignClassification' });
export type Classification = z.output<typeof classificationSchema>;

/** ml_recommendations. */
export const recommendationSchema = z
  .object({
    id,
    config_id: configIdSchema,
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    recommendation_type: z.enum(RECOMMENDATION_TYPES),
    priority: z.int().min(1).max(10).default(5),
    title: z.string().max(255),
    description: z.string(),
    suggested_action: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    confidence_score: fraction.default(0.5),
    reasoning: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    is_active: z.boolean().default(true),
    was_applied: z.boolean().default(false),
    applied_at: isoTime.nullable(),
    applied_by: z.string().nullable(),
    dismissed: z.boolean().default(false),
    dismissed_at: isoTime.nullable(),
    dismissed_by: z.string().nullable(),
    dismissed_reason: z.string().nullable(),
    created_at: isoTime,
    expires_at: isoTime.nullable(),
  })
  .meta({ id: 'Recommendation' });
export type Recommendation = z.output<typeof recommendationSchema>;

/** ml_anomalies. */
export const anomalyRecordSchema = z
  .object({
    id,
    config_id: configIdSchema,
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    anomaly_type: z.enum(ANOMALY_TYPES),
    metric_name: z.enum(WATCHED_METRICS),
    observed_value: z.number(),
    expected_value: z.number(),
    deviation_score: z.number(),
    deviation_unit: z.enum(['z', 'percent']),
    severity: z.enum(SEVERITIES),
    methods: z.array(z.enum(ANOMALY_METHODS)).meta({ description: 'All that found it.' }),
    seasonal: z.boolean().meta({ description: 'Whether it was judged against its own weekday.' }),
    explanation: z
      .string()
      .meta({ description: 'What was seen, what was expected, and which methods found it.' }),
    is_acknowledged: z.boolean().default(false),
    acknowledged_at: isoTime.nullable(),
    acknowledged_by: z.string().nullable(),
    resolution_notes: z.string().nullable(),
    anomaly_date: daySchema,
    detected_at: isoTime,
    notified_at: isoTime.nullable().meta({ description: 'When a critical one was sent out.' }),
    recommendation_id: id.nullable(),
  })
  .meta({ id: 'Anomaly' });
export type AnomalyRecord = z.output<typeof anomalyRecordSchema>;

/** ml_features. */
export const featureRecordSchema = z
  .object({
    id,
    config_id: configIdSchema,
    campaign_id: entityIdSchema,
    window_days: z.int().min(1),
    feature_date: daySchema,
    features: z
      .record(z.string(), z.union([z.number(), z.boolean(), z.null()]))
      .meta({ description: 'Null: the days do not tell.' }),
    insufficient_data: z.boolean().default(false),
    created_at: isoTime,
  })
  .meta({ id: 'CampaignFeatures' });
export type FeatureRecord = z.output<typeof featureRecordSchema>;

/** What can be forecast. */
export const TARGET_METRICS = ['cpl', 'leads', 'spend'] as const;
export type TargetMetric = (typeof TARGET_METRICS)[number];
/** Methods of forecasts, from the simplest to the most costly. */
export const FORECAST_METHODS = ['ema', 'linear', 'ets', 'mstl', 'prophet'] as const;

/** One day of a forecast. */
export const forecastDaySchema = z
  .object({
    forecast_date: daySchema,
    predicted_value: z.number(),
    confidence_lower: z.number(),
    confidence_upper: z.number(),
    confidence_level: z.number(),
    clamped: z.boolean().meta({ description: 'Whether a value below 0 was raised to 0.' }),
  })
  .meta({ id: 'ForecastDay' });

/** How a method did in the backtest of a forecast. */
const methodReportSchema = z
  .object({
    method: z.enum(FORECAST_METHODS),
    mae: z.number().nullable(),
    mase: z.number().nullable().meta({ description: 'Below 1: better than repeating the last week.' }),
    smape: z.number().nullable().meta({ description: '0 to 200.' }),
    coverage: z.number().nullable().meta({ description: 'Share of values inside the calibrated band.' }),
    left_out: z.enum(['short_history', 'not_fitted']).nullable(),
  })
  .meta({ id: 'ForecastMethodReport' });

/** ml_forecasts. */
export const forecastRecordSchema = z
  .object({
    id,
    config_id: configIdSchema,
    entity_type: entityTypeSchema,
    entity_id: entityIdSchema,
    target_metric: z.enum(TARGET_METRICS),
    horizon_days: z.int().min(1).default(7),
    method: z.enum(FORECAST_METHODS),
    predictions: z.array(forecastDaySchema).meta({ description: 'Empty where the history is too short.' }),
    band: z.enum(['model', 'calibrated']).meta({
      description: "Of the method's own formula, or that times a factor read off a backtest.",
    }),
    backtest: z.object({ origins: z.int(), methods: z.array(methodReportSchema) }),
    forecast_date: daySchema.meta({ description: 'Last day that the forecast knows of.' }),
    window_days: z.int().nullable(),
    model_version: z.string().nullable(),
    insufficient_data: z.boolean().default(false),
    prediction_type: z.enum(PREDICTION_TYPES).nullable(),
    created_at: isoTime,
  })
  .meta({ id: 'Forecast' });
export type ForecastRecord = z.output<typeof forecastRecordSchema>;

/** ml_training_jobs; here a record of every job, and `task_id` where the source has the id of its task queue. */
export const jobRecordSchema = z
  .object({
    id,
    job: z.string().max(64).meta({ description: 'Name of the job.' }),
    period: z.string().max(32).meta({ description: 'The hour or day that it is of; done once.' }),
    model_type: z.enum(MODEL_TYPES).nullable(),
    config_id: configIdSchema.nullable(),
    task_id: z.string().max(255).nullable(),
    status: z.enum(JOB_STATUSES).default('PENDING'),
    progress: fraction.default(0),
    model_id: id.nullable(),
    error_message: z.string().nullable(),
    created_at: isoTime,
    started_at: isoTime.nullable(),
    completed_at: isoTime.nullable(),
  })
  .meta({ id: 'Job' });
export type JobRecord = z.output<typeof jobRecordSchema>;
