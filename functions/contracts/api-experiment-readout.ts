import { z } from 'zod';
import { goalField } from './api-experiments.ts';
import { count } from './api-fields.ts';

const rate = z.number().min(0).max(1);
const interval = z.tuple([z.number(), z.number()]).meta({ description: '95% credible interval.' });

const confidence = z.tuple([z.number(), z.number()]).meta({ description: '95% confidence interval.' });

const variantReadout = z.object({
  variant_id: z.string(),
  name: z.string(),
  allocations: z.number().min(0),
  conversions: count,
  conversion_rate: rate.meta({ description: 'Rewards per visitor.' }),
  conversion_rate_interval: interval,
  lift: z
    .number()
    .nullable()
    .meta({ description: 'Relative, over the control; null for the control itself.' }),
  lift_interval: interval.nullable(),
  probability_to_be_best: rate,
  expected_loss: rate.meta({ description: 'Rewards per visitor that choosing it costs, in the mean.' }),
  if_for_all: z
    .object({
      ips: z.number(),
      ips_error: z.number(),
      ips_interval: confidence,
      snips: z.number().nullable(),
      snips_error: z.number().nullable(),
      snips_interval: confidence.nullable(),
    })
    .nullable()
    .meta({ description: 'Off-policy estimate of the rate, had everybody got it; of the first goal only.' }),
});

const readoutFields = {
  allocations: count,
  conversions: count,
  conversion_rate: rate,
  variants: z.array(variantReadout),
  sample_ratio: z
    .object({ chi_square: z.number(), p_value: rate, mismatch: z.boolean() })
    .nullable()
    .meta({ description: 'Whether visitors were parted as they should have been; null while too few came.' }),
  holdout: z.object({ allocations: count, conversion_rate: rate }),
};

/** Query of `GET …/readout`. */
export const readoutQuerySchema = z.strictObject({
  goal: goalField.optional().meta({ description: 'Default: the first goal of the experiment.' }),
});

/** What 1,000 visitors of each of two variants, 50 and 80 of whom convert, come to. */
const exampleFields = {
  allocations: 2000,
  conversions: 130,
  conversion_rate: 0.065,
  variants: [
    {
      variant_id: 'long',
      name: 'Long form',
      allocations: 1000,
      conversions: 50,
      conversion_rate: 0.05,
      conversion_rate_interval: [0.03817, 0.06533],
      lift: null,
      lift_interval: null,
      probability_to_be_best: 0.003254,
      expected_loss: 0.02995,
      if_for_all: {
        ips: 0.05,
        ips_error: 0.006982,
        ips_interval: [0.03726, 0.06515],
        snips: 0.05,
        snips_error: 0.006892,
        snips_interval: [0.03741, 0.06496],
      },
    },
    {
      variant_id: 'short',
      name: 'Short form',
      allocations: 1000,
      conversions: 80,
      conversion_rate: 0.08,
      conversion_rate_interval: [0.06478, 0.09848],
      lift: 0.592,
      lift_interval: [0.1377, 1.25],
      probability_to_be_best: 0.9967,
      expected_loss: 0.00001101,
      if_for_all: {
        ips: 0.08,
        ips_error: 0.008764,
        ips_interval: [0.06375, 0.09862],
        snips: 0.08,
        snips_error: 0.008579,
        snips_interval: [0.06407, 0.09823],
      },
    },
  ],
  sample_ratio: { chi_square: 0, p_value: 1, mismatch: false },
  holdout: { allocations: 0, conversion_rate: 0 },
};

/** Answer of `GET …/readout`. */
export const readoutSchema = z
  .object({
    experiment_id: z.string(),
    goal: z.string(),
    ...readoutFields,
    segments: z
      .array(z.object({ segment_key: z.string(), display_name: z.string(), ...readoutFields }))
      .meta({ description: 'The ones with most visitors first.' }),
    segments_left_out: count.meta({
      description: 'Segments with fewer visitors that the answer has no room for.',
    }),
  })
  .meta({
    id: 'ExperimentReadout',
    examples: [
      {
        experiment_id: 'exp_0f3a2b1c4d5e6f708192a3b4',
        goal: 'conversion',
        ...exampleFields,
        segments: [{ segment_key: 'default', display_name: 'All Visitors', ...exampleFields }],
        segments_left_out: 0,
      },
    ],
  });
