import type { DatasetRecord, LabelRecord } from '../contracts/records.ts';
import { NotFoundError } from '../errors.ts';
import type { Ports } from '../ports.ts';

/**
 * A customer's label in the dataset's current run.
 * @throws NotFoundError for a customer that the run does not hold
 */
export async function findLabel(
  ports: Ports,
  { tenant, dataset, currentRunId }: DatasetRecord,
  customerId: string,
): Promise<LabelRecord> {
  const label = await ports.labels.label(tenant, dataset, currentRunId, customerId);
  if (label) return label;
  // The id itself stays out of the text: it is personal data, and the log holds the text.
  throw new NotFoundError(
    `Customer not found: the current run ${currentRunId} of dataset ${dataset} has no such customer. Check the id, or run the dataset again if the customer is new.`,
    { reason: 'no_such_customer', runId: currentRunId },
  );
}
