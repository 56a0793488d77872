import { allocateVisitor } from '../allocate-visitor.ts';
import {
  allocateBodySchema,
  allocationSchema,
  conversionSchema,
  convertBodySchema,
  experimentPathSchema,
} from '../contracts/api-experiments.ts';
import { convertVisitor } from '../convert-visitor.ts';
import { defineRoute } from './route.ts';

const KIB = 1024;

/** A visitor asks for a variant. */
export const allocate = defineRoute({
  method: 'POST',
  path: '/api/v1/experiments/{experimentId}/allocate',
  scope: 'experiments:allocate',
  summary: 'Variant of a visitor',
  description:
    'The same visitor always gets the same variant. A new one gets it by Thompson sampling within the segment that the context falls in.',
  params: experimentPathSchema,
  body: allocateBodySchema,
  bodyBytes: 64 * KIB,
  status: 200,
  answer: allocationSchema,
  problems: { 404: 'There is no such experiment.', 409: 'The experiment is stopped.' },
  async handle({ tenant, params: { experimentId }, body }, ports) {
    const { user_identifier: userIdentifier, context, channel } = body;
    const ref = { tenant, experiment_id: experimentId };
    const { snapshot, assignment } = await allocateVisitor(ports, ref, { userIdentifier, context, channel });
    const { variant_id, name, content } = snapshot.experiment.variants[assignment.variant]!;
    return { body: { variant_id, variant: { name, content }, segment_key: assignment.segment_key } };
  },
});

/** A visitor did what the experiment is for. */
export const convert = defineRoute({
  method: 'POST',
  path: '/api/v1/experiments/{experimentId}/convert',
  scope: 'experiments:allocate',
  summary: 'Count a conversion, once per visitor and goal',
  params: experimentPathSchema,
  body: convertBodySchema,
  bodyBytes: 64 * KIB,
  status: 200,
  answer: conversionSchema,
  problems: {
    404: 'There is no such experiment.',
    409: 'The visitor was never allocated, or the conversion comes too late.',
  },
  async handle({ tenant, params: { experimentId }, body }, ports) {
    const { user_identifier: userIdentifier, goal: named, reward, converted_at: convertedAt } = body;
    const ref = { tenant, experiment_id: experimentId };
    const conversion = { userIdentifier, goal: named, reward, convertedAt };
    const { snapshot, assignment, goal, counted } = await convertVisitor(ports, ref, conversion);
    const { variant_id } = snapshot.experiment.variants[assignment.variant]!;
    return { body: { counted, goal, variant_id, segment_key: assignment.segment_key } };
  },
});
