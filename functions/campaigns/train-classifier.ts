import { CLASSIFIER_COLUMNS } from '../contracts/campaign-features.ts';
import { TIERS } from '../contracts/campaign-records.ts';
import { InsufficientDataError } from '../errors.ts';
import { type BoostedTrees, predictProbabilities, type TrainingColumns } from './boosted-trees.ts';
import { type ClassifierMetrics, classifierMetrics } from './classifier-metrics.ts';
import { CLASSIFIER_BOOSTING, trainBoostedTrees } from './gradient-boosting.ts';
import type { TierSamples } from './tier-samples.ts';

/** Folds of the cross-validation (requirements S1-06). */
export const FOLDS = 5;

/** Samples below which nothing is trained. */
export const LEAST_SAMPLES = 50;

/** A trained classifier with what it is worth. */
export interface TrainedClassifier {
  readonly model: BoostedTrees;
  /** On the rows it was trained on. */
  readonly training: ClassifierMetrics;
  /** Of all rows, each told by the model of the four folds that it is not in. */
  readonly validation: ClassifierMetrics;
  readonly foldAccuracies: readonly number[];
  /** What the rules of the same day say of the same rows. */
  readonly rules: ClassifierMetrics;
  /** More right, by accuracy and by weighted F1, than the rules on held-out rows. */
  readonly beatsRules: boolean;
}

const names = { columns: CLASSIFIER_COLUMNS, classes: TIERS };

/**
 * Trains the classifier on samples, and holds it against the rules in five folds. All samples of a campaign are in one
 * fold: a model that has only learnt campaigns by heart gains nothing.
 * @throws InsufficientDataError below 50 samples, five campaigns or two tiers
 */
export function trainClassifier(samples: TierSamples): TrainedClassifier {
  const { columns, labels, campaigns, ruled } = samples;
  const distinct = [...new Set(campaigns)].sort();
  const tiers = new Set(labels).size;
  if (labels.length < LEAST_SAMPLES || distinct.length < FOLDS || tiers < 2) {
    throw new InsufficientDataError(
      `There are ${labels.length} samples of ${distinct.length} campaigns in ${tiers} tiers; training needs ${LEAST_SAMPLES} of ${FOLDS} in 2. Send more days of insights: a sample is a week with 30 days before and 7 after it. The rules go on deciding.`,
      { reason: 'too_few_samples', samples: labels.length, campaigns: distinct.length, tiers },
    );
  }
  const foldOf = new Map(distinct.map((id, n) => [id, n % FOLDS]));
  const fold = campaigns.map((id) => foldOf.get(id)!);
  const held = TIERS.map(() => new Float64Array(labels.length));
  const foldAccuracies: number[] = [];
  for (let one = 0; one < FOLDS; one++) {
    const outside = rowsWhere(fold, (of) => of !== one);
    const inside = rowsWhere(fold, (of) => of === one);
    const part = pick(columns, labels, outside);
    const test = pick(columns, labels, inside);
    const told = predictProbabilities(trainBoostedTrees(part, names), test.columns);
    foldAccuracies.push(classifierMetrics(test.labels, told).accuracy);
    for (const [place, values] of told.entries()) {
      for (const [at, row] of inside.entries()) held[place]![row] = values[at]!;
    }
  }
  const model = trainBoostedTrees({ columns, labels }, names);
  const validation = classifierMetrics(labels, held);
  const rules = classifierMetrics(
    labels,
    TIERS.map((tier) => Float64Array.from(ruled, ({ probabilities }) => probabilities[tier])),
    Uint8Array.from(ruled, ({ tier }) => TIERS.indexOf(tier)),
  );
  return {
    model,
    training: classifierMetrics(labels, predictProbabilities(model, columns)),
    validation,
    foldAccuracies,
    rules,
    beatsRules: validation.accuracy > rules.accuracy && validation.f1_weighted > rules.f1_weighted,
  };
}

/** The hyper-parameters, in the words of the source. */
export const CLASSIFIER_PARAMETERS = {
  n_estimators: CLASSIFIER_BOOSTING.nEstimators,
  max_depth: CLASSIFIER_BOOSTING.maxDepth,
  learning_rate: CLASSIFIER_BOOSTING.learningRate,
  min_child_weight: CLASSIFIER_BOOSTING.minChildWeight,
  subsample: CLASSIFIER_BOOSTING.subsample,
  colsample_bytree: CLASSIFIER_BOOSTING.colsampleByTree,
  objective: 'multi:softprob',
  num_class: TIERS.length,
  eval_metric: 'mlogloss',
  seed: CLASSIFIER_BOOSTING.seed,
};

function rowsWhere(fold: readonly number[], holds: (fold: number) => boolean): number[] {
  return fold.flatMap((of, row) => (holds(of) ? [row] : []));
}

function pick(columns: TrainingColumns, labels: Uint8Array, rows: readonly number[]) {
  return {
    columns: columns.map((column) => Float32Array.from(rows, (row) => column[row]!)),
    labels: Uint8Array.from(rows, (row) => labels[row]!),
  };
}
