import { z } from 'zod';

/** What advertising is measured at, from the whole account down to one ad. */
export const ENTITY_TYPES = ['account', 'campaign', 'adset', 'ad'] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];
/** Level of an entity. */
export const entityTypeSchema = z.enum(ENTITY_TYPES);

/** Whether an entity is delivered. */
export const ENTITY_STATUSES = ['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED'] as const;
export type EntityStatus = (typeof ENTITY_STATUSES)[number];

/** Number of an advertising account of the tenant: the source's `config_id`. */
export const configIdSchema = z
  .int('must be a whole number above 0')
  .min(1, 'must be above 0')
  .max(2_147_483_647)
  .meta({ description: 'Advertising account of your tenant.', examples: [1] });

/** The same as text of a query string. */
export const configIdTextSchema = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'must be a whole number above 0')
  .transform(Number)
  .pipe(configIdSchema)
  .meta({ description: 'Advertising account of your tenant.', override: { type: 'integer', minimum: 1 } });

/** Id of an account, campaign, ad set or ad, as the advertising platform gives it. */
export const entityIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 visible ASCII characters')
  .meta({ examples: ['23851234567890123'] });

/** A day of the account's own calendar, `2026-02-03`. */
export const daySchema = z.iso
  .date()
  .refine((day) => day >= '2000-01-01' && day < '2100-01-01', 'must lie between 2000-01-01 and 2099-12-31')
  .meta({ description: 'Day in the time zone of the account.', examples: ['2026-02-03'] });

/** Whose entities are meant. */
export interface AccountRef {
  readonly tenant: string;
  readonly configId: number;
}

/** First and last day, both inclusive. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** Days since 1970-01-01 of an ISO day. */
export function dayNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}

/** The ISO day of a number of days since 1970-01-01. */
export function dayText(number: number): string {
  return new Date(number * 86_400_000).toISOString().slice(0, 10);
}
