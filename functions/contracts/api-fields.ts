import { z } from 'zod';
import { nameSchema } from './workflow.ts';

/** Instant on the wire. */
export const isoTime = z.iso
  .datetime()
  .meta({ description: 'ISO 8601, UTC.', examples: ['2026-11-21T03:00:12.345Z'] });
/** Number of things. */
export const count = z.int().min(0);

/** Name of a dataset. */
export const dataset = nameSchema.meta({
  description: 'Dataset of your tenant.',
  examples: ['orders'],
});

/** Name of a dataset, where one is taken if none is given. */
export const optionalDataset = nameSchema.optional().meta({
  description: 'Dataset of your tenant; default: the one published last.',
  examples: ['orders'],
});

/** Where a page begins. */
export const cursor = z
  .string()
  .max(1024)
  .optional()
  .meta({ description: '`cursor` of the previous page, unchanged; absent for the first page.' });

/** Where the next page begins. */
export const nextCursor = z
  .string()
  .optional()
  .meta({ description: 'Send it to get the next page; absent on the last one.' });

/** Page size: a whole number of the query string, 1 to `most`. */
export const limit = (most: number, usual: number) => {
  const expected = `must be a whole number from 1 to ${most}`;
  return z
    .string()
    .regex(/^\d{1,4}$/, expected)
    .transform(Number)
    .pipe(z.int().min(1, expected).max(most, expected))
    .default(usual)
    .meta({
      description: 'Most items on a page.',
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: most, default: usual });
      },
    });
};
