import { customerPathSchema, datasetQuerySchema } from '../contracts/api.ts';
import { explanationSchema } from '../contracts/api-explanation.ts';
import type { EntityCell, FittedRecipe } from '../contracts/recipe.ts';
import { applyRecipeToCells } from '../features/apply-recipe.ts';
import { type DistancePart, explainPlacement } from '../segments/explain.ts';
import { smallestChanges } from '../segments/smallest-change.ts';
import { findCustomer } from './find-customer.ts';
import { publishedDataset, publishedRun, segmentOf } from './published-run.ts';
import { defineRoute } from './route.ts';

/** Changes of columns that are told, at most. */
const MOST_CHANGES = 10;

/** Counts change in whole steps. */
const COUNTED = new Set(['orders', 'days', 'entries', 'position']);

/** Why a customer is in its segment, and what would move it. */
export const customerExplanation = defineRoute({
  method: 'GET',
  path: '/v1/customers/{customerId}/explanation',
  scope: 'segments:read',
  summary: 'Why a customer is in its segment',
  description:
    'Contributions of the features to the distance, the margin to the runner-up, and per column the smallest change that moves the customer.',
  params: customerPathSchema,
  query: datasetQuerySchema,
  status: 200,
  answer: explanationSchema,
  problems: { 404: 'The customer is not in the current run, or nothing is published.' },
  async handle({ tenant, params: { customerId }, query }, ports) {
    const record = await publishedDataset(ports, tenant, query.dataset);
    const [customer, { model, segments }] = await Promise.all([
      findCustomer(ports, record, customerId),
      publishedRun(ports, record),
    ]);
    const { recipe, centers } = model;
    const segment = (cluster: number) => {
      const segment_id = segmentOf(model, cluster);
      const known = segments.find((one) => one.segment_id === segment_id);
      return { segment_id, segment_name: known?.name ?? `Segment ${segment_id}` };
    };
    const cells = customer.features;
    const features = recipe.features.map(({ name }) => name);
    const { cluster, distance, distanceParts, runnerUp } = explainPlacement(
      applyRecipeToCells(recipe, cells),
      centers,
      features,
      customer.cluster,
    );
    const isHeld = runnerUp !== undefined && runnerUp.distance < distance;
    const changes = smallestChanges(
      {
        recipe,
        centers,
        prepare: (tried) => applyRecipeToCells(recipe, tried),
        wholeColumns: new Set(recipe.columns.flatMap(({ name, unit }) => (COUNTED.has(unit) ? [name] : []))),
      },
      cells,
    );
    return {
      body: {
        customer_id: customer.customerId,
        dataset: record.dataset,
        run_id: record.currentRunId,
        ...segment(cluster),
        held: isHeld,
        distance_to_center: distance,
        distance_parts: [...distanceParts] satisfies DistancePart[],
        runner_up: runnerUp
          ? {
              ...segment(runnerUp.cluster),
              distance_to_center: runnerUp.distance,
              margin: runnerUp.margin,
              margin_parts: [...runnerUp.marginParts],
            }
          : null,
        smallest_changes: (isHeld ? [] : changes)
          .slice(0, MOST_CHANGES)
          .map(({ column, unit, from, to, ...change }) => ({
            column,
            unit,
            from: shown(recipe, column, from),
            to: shown(recipe, column, to),
            ...segment(change.cluster),
            displacement: change.displacement,
          })),
      },
    };
  },
});

const isTime = ({ columns }: FittedRecipe, column: string) =>
  columns.some(({ name, type }) => name === column && type === 'time');

function shown(recipe: FittedRecipe, column: string, cell: EntityCell): EntityCell {
  return typeof cell === 'number' && isTime(recipe, column) ? new Date(cell).toISOString() : cell;
}
