import { acknowledgeAnomaly, anomalySummary, detectNow, listAnomalies } from './anomalies.ts';
import { getInsights, listAccounts, listEntities, putInsights } from './campaign-insights.ts';
import { listJobs } from './campaign-jobs.ts';
import {
  activateModelRoute,
  deactivateModel,
  getActiveModel,
  getModel,
  getModelMetrics,
  listModels,
  trainModel,
} from './campaign-models.ts';
import {
  classificationSummary,
  classifyNow,
  getClassification,
  getFeatures,
  listClassifications,
} from './classifications.ts';
import { forecastCpl, forecastHistory, forecastLeads, forecastSpend, getForecast } from './forecasts.ts';
import { predictBatch } from './prediction-batch.ts';
import { predictCpl, predictionHistory, predictLeads } from './predictions.ts';
import {
  applyRecommendation,
  dismissRecommendation,
  generateRecommendations,
  listRecommendations,
  recommendationSummary,
} from './recommendations.ts';
import type { Route } from './route.ts';

const routes: readonly Route[] = [
  putInsights, //  POST /v1/campaigns/insights
  getInsights, //  GET  /v1/campaigns/insights
  listEntities, // GET  /v1/campaigns/entities
  listAccounts, // GET  /v1/campaigns/accounts
  getFeatures, //  GET  /v1/campaigns/features
  listClassifications, // GET /api/v1/classifications/campaigns
  classifyNow, //  POST /api/v1/classifications/campaigns/classify
  getClassification, // GET /api/v1/classifications/campaigns/{id}
  classificationSummary, // GET /api/v1/classifications/summary
  listRecommendations, // GET /api/v1/recommendations
  generateRecommendations, // POST /api/v1/recommendations/generate
  applyRecommendation, // POST /api/v1/recommendations/{id}/apply
  dismissRecommendation, // POST /api/v1/recommendations/{id}/dismiss
  recommendationSummary, // GET /api/v1/recommendations/summary
  listAnomalies, // GET /api/v1/anomalies
  detectNow, //    POST /api/v1/anomalies/detect
  acknowledgeAnomaly, // POST /api/v1/anomalies/{id}/acknowledge
  anomalySummary, // GET /api/v1/anomalies/summary
  forecastCpl, //  POST /api/v1/forecasts/cpl
  forecastLeads, // POST /api/v1/forecasts/leads
  forecastSpend, // POST /api/v1/forecasts/spend
  getForecast, //  GET  /api/v1/forecasts/{id}
  forecastHistory, // GET /api/v1/forecasts/series/{entity_id}
  predictCpl, //   POST /api/v1/predictions/cpl
  predictLeads, // POST /api/v1/predictions/leads
  predictBatch, // POST /api/v1/predictions/batch
  predictionHistory, // GET /api/v1/predictions/series/{type}/{id}
  trainModel, // POST /api/v1/classifications/train
  listModels, // GET /api/v1/models
  getModel, // GET /api/v1/models/{id}
  getActiveModel, // GET /api/v1/models/active/{type}
  deactivateModel, // DELETE /api/v1/models/active/{type}
  getModelMetrics, // GET /api/v1/models/{id}/metrics
  activateModelRoute, // POST /api/v1/models/{id}/activate
  listJobs, // GET /v1/jobs
];

/** Routes about advertising campaigns. Their function alone answers them, and takes keys and tokens. */
export const campaignRoutes: readonly Route[] = routes.map((route) => ({
  ...route,
  credentials: 'either',
  problems: { ...route.problems, 429: 'Too many requests of this key; `Retry-After` says when.' },
}));
