import { z } from 'zod';
import { cursor, isoTime, limit, nextCursor } from './api-fields.ts';
import {
  allocationPolicySchema,
  CHANNELS,
  MOST_GOALS,
  MOST_VARIANTS,
  segmentationChangeSchema,
  segmentationConfigSchema,
} from './experiment.ts';

/** Path of everything about one experiment. */
export const experimentPathSchema = z.object({
  experimentId: z
    .string()
    .regex(/^exp_[0-9a-f]{24}$/, 'must be the experiment_id that creating the experiment returned')
    .meta({ examples: ['exp_0f3a2b1c4d5e6f708192a3b4'] }),
});

/** Name of a goal. */
export const goalField = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'use 1 to 63 of a-z, 0-9, - and _');
const share = z.number().min(0).max(1);

const variantInput = z.strictObject({
  name: z.string().trim().min(1).max(128),
  content: z
    .record(z.string().max(256), z.unknown())
    .default({})
    .meta({ description: 'What to show; handed back as it is.' }),
  weight: share
    .optional()
    .meta({ description: 'Share of visitors while nothing has been learned; give all or none.' }),
});

/** Body of `POST /api/v1/experiments` (S2-12). */
export const experimentBodySchema = z
  .strictObject({
    name: z.string().trim().min(1).max(256),
    variants: z
      .array(variantInput)
      .min(2)
      .max(MOST_VARIANTS)
      .meta({ description: 'The first is the control.' }),
    goals: z.array(goalField).min(1).max(MOST_GOALS).default(['conversion']).meta({
      description: 'What visitors may do; the first is learned from.',
    }),
    config: z
      .strictObject({ segmentation: segmentationChangeSchema, allocation: allocationPolicySchema.partial() })
      .partial()
      .default({}),
    notify_email: z.email().max(254).optional().meta({
      description: 'Is told when segmentation turns itself on, where the deployment sends e-mail.',
    }),
    user_id: z
      .string()
      .max(256)
      .optional()
      .meta({ description: 'Taken for compatibility; the API key says whose it is.' }),
  })
  .superRefine(({ variants, goals }, context) => {
    const issue = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const weights = variants.flatMap(({ weight }) => (weight === undefined ? [] : [weight]));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (weights.length > 0 && weights.length < variants.length)
      issue(['variants'], 'give all variants a weight, or none');
    else if (weights.length > 0 && Math.abs(sum - 1) > 1e-6)
      issue(['variants'], `the weights sum to ${sum}, not to 1`);
    if (new Set(variants.map(({ name }) => name)).size < variants.length)
      issue(['variants'], 'two have the same name');
    if (new Set(goals).size < goals.length) issue(['goals'], 'one is named twice');
  })
  .meta({
    id: 'ExperimentRequest',
    examples: [
      {
        name: 'Homepage CTA Test',
        variants: [
          { name: 'Control', content: { text: 'Sign Up' } },
          { name: 'Variant A', content: { text: 'Get Started' } },
        ],
        config: { segmentation: { enabled: true, mode: 'manual', segment_by: ['source'] } },
      },
    ],
  });
export type ExperimentBody = z.output<typeof experimentBodySchema>;

const variantAnswer = z.object({
  variant_id: z.string(),
  name: z.string(),
  content: z.record(z.string(), z.unknown()),
  weight: share,
});

/** An experiment as callers see it. */
export const experimentSchema = z
  .object({
    experiment_id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'stopped']),
    created_at: isoTime,
    variants: z.array(variantAnswer),
    goals: z.array(z.string()),
    config: z.object({ segmentation: segmentationConfigSchema, allocation: allocationPolicySchema }),
  })
  .meta({ id: 'Experiment' });

/** Query of `GET /api/v1/experiments`. */
export const experimentsQuerySchema = z.strictObject({ limit: limit(100, 50), cursor });

/** Answer of `GET /api/v1/experiments`. */
export const experimentsPageSchema = z
  .object({ experiments: z.array(experimentSchema), cursor: nextCursor })
  .meta({ id: 'ExperimentsPage' });

const userIdentifier = z.string().min(1).max(512).meta({
  description: 'Whatever tells this visitor from others; only a hash of it is kept.',
});

/** Body of `POST …/allocate` (S2-13). */
export const allocateBodySchema = z
  .strictObject({
    user_identifier: userIdentifier,
    context: z.record(z.string().max(256), z.unknown()).default({}).meta({
      description:
        'What is known of the visitor: `utm_source` or `source`, `user_agent`, `device`, `country_code`, …',
    }),
    channel: z.enum(CHANNELS).default('web'),
  })
  .meta({
    id: 'AllocationRequest',
    examples: [
      { user_identifier: 'user_456', context: { utm_source: 'instagram', device: 'mobile' }, channel: 'web' },
    ],
  });

/** Answer of `POST …/allocate`. */
export const allocationSchema = z
  .object({
    variant_id: z.string(),
    variant: z.object({ name: z.string(), content: z.record(z.string(), z.unknown()) }),
    segment_key: z.string().meta({ examples: ['source:instagram|device:mobile'] }),
  })
  .meta({ id: 'Allocation' });

/** Body of `POST …/convert`. */
export const convertBodySchema = z
  .strictObject({
    user_identifier: userIdentifier,
    goal: goalField.optional().meta({ description: 'Default: the first goal of the experiment.' }),
    reward: share
      .default(1)
      .meta({ description: '1 for a conversion; a part of it for a part of its worth.' }),
    converted_at: isoTime.optional().meta({ description: 'When it happened; default: now.' }),
  })
  .meta({ id: 'ConversionRequest', examples: [{ user_identifier: 'user_456' }] });

/** Answer of `POST …/convert`. */
export const conversionSchema = z
  .object({
    counted: z
      .boolean()
      .meta({ description: 'False where this visitor’s conversion on this goal was counted before.' }),
    goal: z.string(),
    variant_id: z.string(),
    segment_key: z.string(),
  })
  .meta({
    id: 'Conversion',
    examples: [{ counted: true, goal: 'purchase', variant_id: 'short', segment_key: 'source:google' }],
  });
