import { type Score, scoreRow } from '../clustering/score-row.ts';
import type { DatasetRecord, LabelValue } from '../contracts/records.ts';
import { NotFoundError } from '../errors.ts';
import { recencyDays } from '../features/rfm.ts';
import type { Ports } from '../ports.ts';
import { clusterOf, publishedRun, segmentOf } from './published-run.ts';

/** A customer as the dataset's current run has it. */
export interface FoundCustomer extends Pick<Score, 'distance' | 'confidence'> {
  readonly customerId: string;
  readonly segmentId: number;
  /** Of the current run's model. With a churn budget it need not be the nearest. */
  readonly cluster: number;
  /** Raw values by column, as far as there are any; instants in ms since the epoch. */
  readonly features: Readonly<Record<string, LabelValue>>;
}

/**
 * A customer of the dataset's current run: the values that were stored, and how far they lie from the segment that they
 * were put in, bit for bit as the batch found it.
 * @throws NotFoundError for a customer that the run does not hold
 */
export async function findCustomer(
  ports: Ports,
  record: DatasetRecord,
  customerId: string,
): Promise<FoundCustomer> {
  const { tenant, dataset, currentRunId, labelSources } = record;
  const runIds = labelSources.map(({ runId }) => runId);
  const [stored, { model }] = await Promise.all([
    ports.labels.label(tenant, dataset, customerId, runIds),
    publishedRun(ports, record),
  ]);
  if (stored === undefined) {
    // The id itself stays out of the text: it is personal data, and the log holds the text.
    throw new NotFoundError(
      `Customer not found: the current run ${currentRunId} of dataset ${dataset} has no such customer. Check the id, or run the dataset again if the customer is new.`,
      { reason: 'no_such_customer', runId: currentRunId },
    );
  }
  const { label, runId } = stored;
  const features =
    label.latestMs === undefined
      ? label.features
      : {
          recency_days: recencyDays(Date.parse(model.recipe.referenceAt), label.latestMs),
          ...label.features,
        };
  const segmentId = labelSources.find((source) => source.runId === runId)?.segmentIds[label.cluster];
  const score = scoreRow(model, features, segmentId === undefined ? -1 : clusterOf(model, segmentId));
  return {
    customerId: label.customerId,
    segmentId: segmentOf(model, score.label),
    cluster: score.label,
    distance: score.distance,
    confidence: score.confidence,
    features,
  };
}
