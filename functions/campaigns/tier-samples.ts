import { type DayRange, dayNumber, dayText } from '../contracts/campaign-entities.ts';
import { CLASSIFIER_COLUMNS, FEATURE_WINDOW_DAYS } from '../contracts/campaign-features.ts';
import { TIERS } from '../contracts/campaign-records.ts';
import { type TrainingColumns, trainingColumns } from './boosted-trees.ts';
import { campaignFeatures } from './campaign-features.ts';
import { classifierInputs } from './classifier-inputs.ts';
import type { InsightColumns } from './insight-columns.ts';
import { type TierVerdict, tierByRules } from './tier-rules.ts';

/** Days between two samples of a campaign: the weeks that they are judged by do not overlap. */
const STEP_DAYS = 7;

/** Samples after which older days are left out: what the job has time for. */
const MOST_SAMPLES = 20_000;

/** Campaigns as they were on past days, with the tier that their next 7 days turned out to be. */
export interface TierSamples {
  readonly columns: TrainingColumns;
  /** Place in `TIERS`. */
  readonly labels: Uint8Array;
  /** Campaign of each sample. */
  readonly campaigns: readonly string[];
  /** What the rules said on the day: what a model has to beat. */
  readonly ruled: readonly TierVerdict[];
}

/**
 * Samples of every seventh day that has 30 days before and 7 after it, of campaigns that spent in both weeks. The label
 * is the tier of the coming week by the rules: to learn the present one would be to learn the rules themselves.
 */
export function tierSamples(columns: InsightColumns, { from, to }: DayRange): TierSamples {
  const values = CLASSIFIER_COLUMNS.map((): number[] => []);
  const labels: number[] = [];
  const campaigns: string[] = [];
  const ruled: TierVerdict[] = [];
  const first = dayNumber(from) + FEATURE_WINDOW_DAYS - 1;
  for (let day = dayNumber(to) - STEP_DAYS; day >= first && labels.length < MOST_SAMPLES; day -= STEP_DAYS) {
    const now = campaignFeatures(columns, dayText(day));
    const then = campaignFeatures(columns, dayText(day + STEP_DAYS));
    const inputs = classifierInputs(now);
    for (const [entity, id] of now.entityIds.entries()) {
      const [present, coming] = [now, then].map((features) =>
        tierByRules({
          spend: features.values.spend_7d[entity]!,
          leads: features.values.leads_7d[entity]!,
          daysWithLeads: features.values.days_with_leads_7d[entity]!,
          averageCpl: features.averages.average_cpl,
        }),
      );
      if (!present || !coming) continue;
      for (const [place, column] of CLASSIFIER_COLUMNS.entries())
        values[place]!.push(inputs[column][entity]!);
      labels.push(TIERS.indexOf(coming.tier));
      campaigns.push(id);
      ruled.push(present);
    }
  }
  return { columns: trainingColumns(values), labels: Uint8Array.from(labels), campaigns, ruled };
}
