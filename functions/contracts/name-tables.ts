import { z } from 'zod';

/** A word of a name: one line without control characters, for it stands in files and messages. */
const word = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be one line without control characters');

/** The same word in every language that segments are described in. */
const localizedWord = z.strictObject({ en: word, 'pt-BR': word, es: word });

const share = z.number().min(0).max(1);

/** A rule of names of orders: the segment's medians against quantiles of all customers. See `NAME_RULES`. */
const orderRuleSchema = z.strictObject({
  name: word,
  /** Of segments that fit the same rule, those that do not get its name go on to later rules of its group. */
  group: word,
  bounds: z
    .array(
      z.strictObject({
        feature: z.enum(['recency_days', 'frequency', 'monetary']),
        side: z.enum(['atMost', 'atLeast']),
        quantile: share,
      }),
    )
    .max(10),
  /** Of several segments that fit, the one furthest out on this feature gets the name. */
  decidedBy: z.strictObject({
    feature: z.enum(['recency_days', 'frequency', 'monetary']),
    prefer: z.enum(['highest', 'lowest']),
  }),
});

/** A rule of names of leads: levels are 0..1, but `days`. See `LEAD_NAME_TABLE`. */
const leadRuleSchema = z.strictObject({
  word: localizedWord,
  bounds: z
    .array(
      z.strictObject({
        axis: z.enum(['value', 'engagement', 'intention', 'days', 'human']),
        side: z.enum(['atLeast', 'below']),
        cut: z.number().min(0).max(100_000),
      }),
    )
    .max(10),
});

const rules = z.array(leadRuleSchema).max(50);

/**
 * Cut points and words of segment names, instead of the published ones. What is left out stays as published; a list that
 * is given replaces the whole list. Rules are tried from the top, and one without bounds always holds.
 */
export const nameTablesSchema = z.strictObject({
  orders: z.array(orderRuleSchema).min(1).max(50).optional(),
  leads: z
    .strictObject({
      value: rules.optional(),
      behavior: rules.optional(),
      place: z
        .array(z.strictObject({ by: z.enum(['state', 'region', 'international', 'channel']), share }))
        .max(10)
        .optional(),
      homeCountry: z.array(word).min(1).max(50).optional(),
      distinctiveFrom: z.number().min(0).max(100).optional(),
    })
    .optional(),
});
export type NameTables = z.output<typeof nameTablesSchema>;
