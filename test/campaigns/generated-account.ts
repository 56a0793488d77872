import { dayNumber, dayText } from '../../functions/contracts/campaign-entities.ts';
import type { InsightDay } from '../../functions/contracts/campaign-insights.ts';
import { Random } from '../../functions/stats/random.ts';
import { AS_OF, dayOf } from './insight-fixture.ts';

/** A Poisson number by Knuth's product of uniforms. */
function poisson(random: Random, mean: number): number {
  const end = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > end; product *= random.uniform()) count++;
  return count;
}

/**
 * Campaigns that keep their own true price of a lead while their weeks are noisy: what a week says of the next one is
 * less than what clicks and former weeks say, so that there is something to learn beyond the rules.
 */
export function generatedAccount(nCampaigns: number, nDays: number, seed = 1) {
  const last = dayNumber(AS_OF);
  return Array.from({ length: nCampaigns }, (_, n) => {
    const random = new Random(seed).fork(n);
    const quality = [0.35, 0.6, 1, 1.7][n % 4]!;
    const days: InsightDay[] = Array.from({ length: nDays }, (_, at) => {
      const clicks = poisson(random, 40 / quality);
      const leads = poisson(random, 0.5 / quality);
      return dayOf(0, { date: dayText(last - nDays + 1 + at), spend: 40, impressions: 4000, clicks, leads });
    });
    return { id: `g${String(n).padStart(3, '0')}`, days };
  });
}
