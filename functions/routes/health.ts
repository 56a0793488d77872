import { healthSchema } from '../contracts/api.ts';
import { defineRoute } from './route.ts';

/** Says that the service answers; the body is that of the source. */
export const health = defineRoute({
  method: 'GET',
  path: '/health',
  summary: 'Is the service up?',
  status: 200,
  answer: healthSchema,
  handle: () => ({ body: { status: 'ok', service: 'segmentation-agent' } as const }),
});
