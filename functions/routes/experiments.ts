import { experimentNotFound } from '../allocate-visitor.ts';
import {
  experimentBodySchema,
  experimentPathSchema,
  experimentSchema,
  experimentsPageSchema,
  experimentsQuerySchema,
} from '../contracts/api-experiments.ts';
import type { ExperimentRecord } from '../contracts/experiment.ts';
import { changeExperiment, createExperiment } from '../experiment-definitions.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import { defineRoute } from './route.ts';

const LIST = 'experiments';

/** Makes an experiment. */
export const postExperiment = defineRoute({
  method: 'POST',
  path: '/api/v1/experiments',
  scope: 'experiments:write',
  summary: 'Create an experiment; it is active at once',
  body: experimentBodySchema,
  bodyBytes: 256 * 1024,
  status: 200,
  answer: experimentSchema,
  async handle({ tenant, body }, ports) {
    return { body: answerOf(await createExperiment(ports, tenant, body)) };
  },
});

/** Experiments of the tenant. */
export const listExperiments = defineRoute({
  method: 'GET',
  path: '/api/v1/experiments',
  scope: 'experiments:read',
  summary: 'Experiments, by id',
  query: experimentsQuerySchema,
  status: 200,
  answer: experimentsPageSchema,
  async handle({ tenant, query: { limit, cursor } }, { experiments }) {
    const [after = ''] = cursor === undefined ? [] : decodeCursor(tenant, LIST, cursor);
    const ids = (await experiments.ids(tenant)).filter((id) => id > after);
    const page = ids.slice(0, limit);
    const found = await Promise.all(page.map((experiment_id) => experiments.get({ tenant, experiment_id })));
    const last = page.at(-1);
    const more = last !== undefined && ids.length > limit;
    return {
      body: {
        experiments: found.flatMap((experiment) => (experiment ? [answerOf(experiment)] : [])),
        ...(more && { cursor: encodeCursor(tenant, LIST, [last]) }),
      },
    };
  },
});

/** One experiment. */
export const getExperiment = defineRoute({
  method: 'GET',
  path: '/api/v1/experiments/{experimentId}',
  scope: 'experiments:read',
  summary: 'Definition of an experiment',
  params: experimentPathSchema,
  status: 200,
  answer: experimentSchema,
  async handle({ tenant, params: { experimentId } }, { experiments }) {
    const experiment = await experiments.get({ tenant, experiment_id: experimentId });
    if (!experiment) throw experimentNotFound(experimentId);
    return { body: answerOf(experiment) };
  },
});

/** Ends an experiment. */
export const stopExperiment = defineRoute({
  method: 'POST',
  path: '/api/v1/experiments/{experimentId}/stop',
  scope: 'experiments:write',
  summary: 'Stop an experiment',
  description:
    'Whoever was allocated keeps the variant and may still convert; nobody new is allocated. Other instances notice within two seconds.',
  params: experimentPathSchema,
  status: 200,
  answer: experimentSchema,
  async handle({ tenant, params: { experimentId } }, ports) {
    const stopped = await changeExperiment(ports, { tenant, experiment_id: experimentId }, ({ status }) =>
      status === 'stopped' ? undefined : { status: 'stopped' },
    );
    return { body: answerOf(stopped) };
  },
});

function answerOf({
  experiment_id,
  name,
  status,
  created_at,
  variants,
  goals,
  segmentation,
  policy,
}: ExperimentRecord) {
  return {
    experiment_id,
    name,
    status,
    created_at,
    variants: [...variants],
    goals: [...goals],
    config: { segmentation, allocation: policy },
  };
}
