import { z } from 'zod';
import { count, isoTime } from './api-fields.ts';

/** Downloads of a run's labels (`GET /v1/runs/{runId}/labels`). */

/** Formats of the file. */
export const LABEL_FORMATS = ['csv', 'arrow', 'parquet'] as const;

/** Most labels that are written as CSV or Parquet while the caller waits; Arrow files are there since publication. */
export const MOST_WRITTEN_LABELS = 3_000_000;

/** Query of the route. */
export const labelFileQuerySchema = z.strictObject({
  format: z.enum(LABEL_FORMATS).default('csv'),
  formulas: z.enum(['keep', 'escape']).default('keep').meta({
    description:
      'Of CSV: `escape` puts an apostrophe before ids that a spreadsheet would take for formulas (beginning with = + - @); `keep` leaves ids as they are, so that they join.',
  }),
});

/** Answer of the route. */
export const labelFileSchema = z
  .object({
    runId: z.string(),
    dataset: z.string(),
    format: z.enum(LABEL_FORMATS),
    fileName: z.string(),
    url: z.string().meta({ description: 'GET it without further headers.' }),
    urlExpiresAt: isoTime,
    bytes: count,
    rows: count,
    columns: z.array(z.string()),
  })
  .meta({ id: 'LabelFile' });
