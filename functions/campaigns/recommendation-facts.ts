import { FEATURE_WINDOW_DAYS } from '../contracts/campaign-features.ts';
import type { Tier } from '../contracts/campaign-records.ts';
import type { FeatureColumns } from './campaign-features.ts';
import type { ClassifierInputs } from './classifier-inputs.ts';
import { weekdayTotals } from './day-of-week.ts';
import { gammaTail } from './gamma-tail.ts';
import { type InsightColumns, statusOf } from './insight-columns.ts';
import type { TierVerdict } from './tier-rules.ts';
import { windowSums } from './window-sums.ts';

/** Everything a recommendation rule may look at, of one campaign. NaN is unknown: no comparison with it holds. */
export interface RecommendationFacts {
  readonly tier: Tier | undefined;
  readonly tierConfidence: number;
  /** Days that it has been in its tier for, 0 where that is not known. */
  readonly daysInTier: number;
  readonly isPaused: boolean;
  readonly dailyBudget: number;
  readonly daysActive: number;
  readonly spend7d: number;
  readonly leads7d: number;
  readonly cpl7d: number;
  readonly averageCpl: number;
  readonly cplRatio: number;
  readonly daysWithLeadsRatio: number;
  readonly daysWithLeads7d: number;
  readonly cplTrend: number;
  readonly leadsTrend: number;
  readonly ctrTrend: number;
  readonly frequency7d: number;
  readonly reach7d: number;
  readonly leads30d: number;
  readonly cpl30d: number;
  /** Cost per lead of 30 days against the account's of 30 days. */
  readonly cplRatio30d: number;
  readonly bestDay: number;
  readonly worstDay: number;
  /** Cost per lead of the worst weekday ÷ that of the best; infinite where the worst has no lead. */
  readonly weekdayCplRatio: number;
  /** Chance of weekdays as unequal as these if all brought leads alike: χ² with their number − 1 degrees of freedom. */
  readonly weekdayChance: number;
  /** Leads that the worst weekday would have brought at the price of all days. */
  readonly worstDayExpected: number;
  /** Chance that leads really cost more than in the 7 days before, 0..1. */
  readonly cplRiseConfidence: number;
}

/** What the facts of all campaigns are made of; the columns end with the day that the features are of. */
export interface FactSources {
  readonly columns: InsightColumns;
  readonly features: FeatureColumns;
  readonly inputs: ClassifierInputs;
  readonly verdicts: readonly (TierVerdict | undefined)[];
  /** Of `accountCpl30d`. */
  readonly accountCpl30d: number;
  /** Per campaign id. */
  readonly daysInTier: ReadonlyMap<string, number>;
}

/** The facts of one campaign. */
export function recommendationFacts(sources: FactSources, entity: number): RecommendationFacts {
  const { columns, features, inputs, verdicts, daysInTier } = sources;
  const { values, averages, entityIds } = features;
  const at = (feature: keyof typeof values) => values[feature][entity]!;
  const verdict = verdicts[entity];
  const status = statusOf(columns, entity);
  const weekdays = weekdayFacts(sources, entity);
  return {
    tier: verdict?.tier,
    tierConfidence: verdict?.confidence ?? 0,
    daysInTier: daysInTier.get(entityIds[entity]!) ?? 0,
    isPaused: status === 'PAUSED',
    dailyBudget: columns.dailyBudget[entity]!,
    daysActive: at('days_active'),
    spend7d: at('spend_7d'),
    leads7d: at('leads_7d'),
    cpl7d: at('cpl_7d'),
    averageCpl: averages.average_cpl ?? Number.NaN,
    cplRatio: inputs.cpl_ratio[entity]!,
    daysWithLeadsRatio: inputs.days_with_leads_ratio[entity]!,
    daysWithLeads7d: at('days_with_leads_7d'),
    cplTrend: at('cpl_trend'),
    leadsTrend: at('leads_trend'),
    ctrTrend: at('ctr_trend'),
    frequency7d: at('frequency_7d'),
    reach7d: at('reach_7d'),
    leads30d: at('leads_30d'),
    cpl30d: at('cpl_30d'),
    cplRatio30d: at('cpl_30d') / sources.accountCpl30d,
    bestDay: at('best_day_of_week'),
    worstDay: at('worst_day_of_week'),
    ...weekdays,
    cplRiseConfidence: rateFall(
      { leads: at('leads_7d'), spend: at('spend_7d') },
      {
        leads: at('leads_14d') - at('leads_7d'),
        spend: at('spend_7d') / (1 + at('spend_trend') / 100),
      },
    ),
  };
}

/** Spend ÷ leads of the account over the last 30 days of the columns; NaN without leads. */
export function accountCpl30d(columns: InsightColumns): number {
  const total = (measure: 'spend' | 'leads') =>
    windowSums(columns, measure, columns.nDays - FEATURE_WINDOW_DAYS, columns.nDays).reduce(
      (sum, value) => sum + value,
      0,
    );
  const leads = total('leads');
  return leads > 0 ? total('spend') / leads : Number.NaN;
}

function weekdayFacts({ columns, features }: FactSources, entity: number) {
  const end = columns.nDays;
  const { spend, leads } = weekdayTotals(columns, entity, end - FEATURE_WINDOW_DAYS, end);
  const best = features.values.best_day_of_week[entity]!;
  const worst = features.values.worst_day_of_week[entity]!;
  const cpl = (weekday: number) => spend[weekday]! / leads[weekday]!;
  const spent = spend.reduce((sum, value) => sum + value, 0);
  const found = leads.reduce((sum, value) => sum + value, 0);
  const used = [0, 1, 2, 3, 4, 5, 6].filter((weekday) => spend[weekday]! > 0);
  const chiSquare = used.reduce((sum, weekday) => {
    const expected = (found * spend[weekday]!) / spent;
    return sum + (leads[weekday]! - expected) ** 2 / expected;
  }, 0);
  return {
    weekdayCplRatio: cpl(worst) / cpl(best),
    worstDayExpected: (found * spend[worst]!) / spent,
    weekdayChance: gammaTail((used.length - 1) / 2, chiSquare / 2),
  };
}

interface Rate {
  readonly leads: number;
  readonly spend: number;
}

/** Chance that the second rate of leads per money is above the first, by the normal limit of two Poisson counts. */
function rateFall(now: Rate, before: Rate): number {
  const variance = now.leads / now.spend ** 2 + before.leads / before.spend ** 2;
  const z = (before.leads / before.spend - now.leads / now.spend) / Math.sqrt(variance);
  if (Number.isNaN(z)) return 0.5;
  const tail = 0.5 * gammaTail(0.5, z ** 2 / 2);
  return z > 0 ? 1 - tail : tail;
}
