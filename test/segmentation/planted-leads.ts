import type { Lead } from '../../functions/contracts/api-cluster.ts';
import { Random } from '../../functions/stats/random.ts';

/** Kinds of leads as their makers know them: buyers of São Paulo, browsers of Rio Grande do Sul, cold leads from TikTok. */
const KINDS = [
  {
    ltv_class: 'High',
    ltv: 500,
    behavior: 85,
    engagement: 78,
    intention: 40,
    days: 40,
    state: 'SP',
    utm_source: 'facebook',
  },
  {
    ltv_class: 'Medium',
    ltv: 200,
    behavior: 55,
    engagement: 45,
    intention: 72,
    days: 20,
    state: 'RS',
    utm_source: 'google',
  },
  {
    ltv_class: 'Low',
    ltv: 20,
    behavior: 15,
    engagement: 30,
    intention: 15,
    days: 100,
    state: 'BA',
    utm_source: 'tiktok',
  },
] as const;

/** Instant that the leads' days are counted back from. */
export const REFERENCE_AT = '2026-06-30T12:00:00.000Z';

/**
 * Leads of three kinds, a half, a third and a sixth of all, in an order without meaning; all came at noon of a working day. Ids
 * begin with the number of the kind.
 */
export function plantedLeads(n: number, seed = 1): Lead[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i): Lead => {
    const kind = [0, 1, 0, 1, 0, 2][i % 6]!;
    const { ltv_class, ltv, behavior, engagement, intention, days, state, utm_source } = KINDS[kind]!;
    const near = (middle: number, by: number) => random.normal(middle, by);
    return {
      lead_id: `${kind}-${i}`,
      created_at: workingDay(Math.round(near(days, 6))),
      email: `lead${i}@example.com`,
      ltv_class,
      ltv: near(ltv, 10),
      behavior_score: near(behavior, 3),
      engagement_score: near(engagement, 3),
      intention_level: near(intention, 3),
      country: 'BR',
      state,
      utm_source,
      utm_medium: 'cpc',
    };
  });
}

/** Noon of the working day that lies about so many days before the reference. */
function workingDay(daysBefore: number): string {
  const day = new Date(Date.parse(REFERENCE_AT) - daysBefore * 86_400_000);
  const weekday = day.getUTCDay();
  const shift = weekday === 0 ? -2 : weekday === 6 ? -1 : 0;
  day.setUTCDate(day.getUTCDate() + shift);
  return day.toISOString();
}

/** Kind of a lead, by its id. */
export const kindOf = (id: string): number => Number(id[0]);
