import { scoreRow } from '../clustering/score-row.ts';
import type { Model } from '../contracts/artifacts.ts';
import { InvalidRequestError } from '../errors.ts';
import type { CustomerCells } from './lead-columns.ts';
import type { MovePlaces } from './move-causes.ts';
import type { RunIdentities } from './run-identities.ts';

/** Two runs, of which customers moved from one to the other. */
export interface ComparedModels {
  readonly model: Model;
  readonly identities: RunIdentities;
  readonly formerModel: Model;
  /** Stable segment id per cluster of the former model. */
  readonly formerIds: readonly number[];
}

/**
 * What to count a customer's move by: where the former model puts the new values, and the new model the former ones. A
 * model that cannot read the other run's columns says nothing.
 */
export function causeOf({
  model,
  identities,
  formerModel,
  formerIds,
}: ComparedModels): (
  cells: { readonly before: CustomerCells; readonly after: CustomerCells },
  from: number,
  to: number,
) => [places: MovePlaces, isLineage: boolean] {
  const countChanged = model.nClusters !== formerModel.nClusters;
  const isPart = (from: number, to: number) =>
    identities.events.some(
      ({ kind, from: before, to: after }) =>
        (kind === 'split' || kind === 'merged') && before.includes(from) && after.includes(to),
    );
  return ({ before, after }, from, to) => [
    {
      before: from,
      after: to,
      newData: placeOf(formerModel, formerIds, after),
      newCenters: placeOf(model, identities.segmentIds, before),
    },
    countChanged && isPart(from, to),
  ];
}

function placeOf(model: Model, ids: readonly number[], cells: CustomerCells): number | undefined {
  try {
    return ids[scoreRow(model, cells).label];
  } catch (error) {
    if (error instanceof InvalidRequestError) return undefined;
    throw error;
  }
}
