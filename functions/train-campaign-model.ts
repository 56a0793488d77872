import { publishModel, writeModelFile } from './campaign-models.ts';
import { InsightCollector } from './campaigns/insight-columns.ts';
import { type TierSamples, tierSamples } from './campaigns/tier-samples.ts';
import { CLASSIFIER_PARAMETERS, trainClassifier } from './campaigns/train-classifier.ts';
import { type AccountRef, dayNumber, dayText } from './contracts/campaign-entities.ts';
import { CLASSIFIER_COLUMNS } from './contracts/campaign-features.ts';
import type { TrainedModel } from './contracts/campaign-records.ts';
import type { AnalysisPorts } from './ports.ts';

/** Days of insights that are learnt from. */
export const TRAINING_DAYS = 180;

const rangeOf = (asOf: string) => ({ from: dayText(dayNumber(asOf) - TRAINING_DAYS + 1), to: asOf });

/** What the last 180 days of an account teach. */
export async function readTrainingSamples(
  { insights }: Pick<AnalysisPorts, 'insights'>,
  account: AccountRef,
  asOf: string,
): Promise<TierSamples> {
  const range = rangeOf(asOf);
  const collector = new InsightCollector(range);
  for await (const { entityId, days } of insights.days(account, 'campaign', range)) {
    collector.add(entityId, days);
  }
  return tierSamples(collector.columns(), range);
}

/**
 * Trains a classifier on the last 180 days of an account, stores it as a version of its own, and lets it decide only
 * where it beat the rules on held-out campaigns. The same days on the same day give the same model.
 * @throws InsufficientDataError where there is too little to learn from
 */
export async function trainCampaignModel(
  ports: Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'objects'>,
  account: AccountRef,
  { asOf, at, samples: known }: { asOf: string; at: Date; samples?: TierSamples },
): Promise<TrainedModel> {
  const range = rangeOf(asOf);
  const samples = known ?? (await readTrainingSamples(ports, account, asOf));
  const trained = trainClassifier(samples);
  const { path, sha256 } = await writeModelFile(ports, account, trained.model);
  const { configId } = account;
  const time = at.toISOString();
  const id = `${time.replaceAll(/[^0-9]/g, '').slice(0, 14)}-${configId}-${sha256.slice(0, 12)}`;
  const { foldAccuracies, validation, rules, training, beatsRules } = trained;
  const model: TrainedModel = {
    id,
    name: 'campaign-classifier',
    model_type: 'CAMPAIGN_CLASSIFIER',
    version: time,
    config_id: configId,
    model_path: path,
    parameters: { ...CLASSIFIER_PARAMETERS },
    feature_columns: [...CLASSIFIER_COLUMNS],
    training_metrics: { ...training },
    validation_metrics: {
      ...validation,
      cv_mean: foldAccuracies.reduce((sum, value) => sum + value, 0) / foldAccuracies.length,
      fold_accuracies: [...foldAccuracies],
      rules_accuracy: rules.accuracy,
      rules_f1_macro: rules.f1_macro,
      rules_f1_weighted: rules.f1_weighted,
      rules_log_loss: rules.log_loss,
      beats_rules: beatsRules,
    },
    status: 'READY',
    is_active: false,
    training_data_start: range.from,
    training_data_end: range.to,
    samples_count: samples.labels.length,
    created_at: time,
    trained_at: time,
    last_used_at: null,
  };
  return publishModel(ports, account, model, beatsRules);
}
