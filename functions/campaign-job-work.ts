import { lastWholeDay } from './campaign-day.ts';
import { classifyCampaigns } from './classify-campaigns.ts';
import type { AccountRef } from './contracts/campaign-entities.ts';
import type { CampaignJobName } from './contracts/campaign-jobs.ts';
import { detectAccountAnomalies } from './detect-account-anomalies.ts';
import { InsufficientDataError } from './errors.ts';
import { forecastAccount } from './forecast-entities.ts';
import type { AnalysisPorts } from './ports.ts';
import { closeExpired, recommendCampaigns } from './recommend-campaigns.ts';
import { trainCampaignModel } from './train-campaign-model.ts';
import { trainForecastModels } from './train-forecast-models.ts';
import { validateAccount } from './validate-predictions.ts';

/** What a job is told: for whom, as of when, and with which stores. */
export interface JobTask {
  readonly ports: AnalysisPorts;
  readonly account: AccountRef;
  /** When it was due: what it writes counts as made then, so that a second run overwrites the first. */
  readonly at: Date;
}

/** What a job says when it is done, for its record and log. */
export interface JobOutcome {
  readonly modelId?: string | null;
  /** Campaigns, records or forecasts that it made. */
  readonly made: number;
}

/** A job's work on one account. */
export type JobWork = (task: JobTask) => Promise<JobOutcome>;

const classify: JobWork = async ({ ports, account, at }) => {
  const { classifications, modelId } = await classifyCampaigns(ports, account, {
    asOf: lastWholeDay(at),
    at,
    method: 'auto',
  });
  return { modelId, made: classifications.length };
};

const recommend: JobWork = async ({ ports, account, at }) => {
  const { issued } = await recommendCampaigns(ports, account, { asOf: lastWholeDay(at), at });
  return { made: issued.length };
};

const pipeline: JobWork = async (task) => {
  await closeExpired(task.ports.campaignDocuments, task.account, task.at);
  const tiers = await classify(task);
  const recommendations = await recommend(task);
  return { ...tiers, made: tiers.made + recommendations.made };
};

const retrain: JobWork = async ({ ports, account, at }) => {
  const request = { asOf: lastWholeDay(at), at };
  const { length } = await trainForecastModels(ports, account, request);
  try {
    const { id } = await trainCampaignModel(ports, account, request);
    return { modelId: id, made: length + 1 };
  } catch (error) {
    // A young account has nothing to learn from yet: the rules decide, and nothing has failed.
    if (error instanceof InsufficientDataError) return { made: length };
    throw error;
  }
};

/** The work of a training that was asked for: too little data is a failure, and the record says what is missing. */
export const trainingWork =
  (asOf: string): JobWork =>
  async ({ ports, account, at }) => {
    const { id } = await trainCampaignModel(ports, account, { asOf, at });
    return { modelId: id, made: 1 };
  };

/** Days that the hourly detection looks at: a day that arrives two days late is still judged. */
const DETECTED_DAYS = 3;

const detect: JobWork = async ({ ports, account, at }) => {
  const { anomalies, known } = await detectAccountAnomalies(ports, account, {
    entityType: 'campaign',
    asOf: lastWholeDay(at),
    days: DETECTED_DAYS,
    at,
    options: { seasonLength: 7 },
  });
  return { made: anomalies.length - known };
};

const forecast: JobWork = async ({ ports, account, at }) => ({
  made: await forecastAccount(ports, account, { asOf: lastWholeDay(at), at }),
});

const validate: JobWork = async ({ ports, account, at }) => ({
  made: await validateAccount(ports, account, lastWholeDay(at)),
});

/** The work of each job. */
export const JOB_WORK: Record<CampaignJobName, JobWork> = {
  'daily-ml-pipeline': pipeline,
  'daily-model-retraining': retrain,
  'daily-classification': classify,
  'daily-recommendations': recommend,
  'daily-prediction-validation': validate,
  'hourly-anomaly-detection': detect,
  'batch-predictions': forecast,
};
