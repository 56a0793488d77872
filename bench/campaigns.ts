import { predictProbabilities } from '../functions/campaigns/boosted-trees.ts';
import { campaignFeatures } from '../functions/campaigns/campaign-features.ts';
import { classifierInputs } from '../functions/campaigns/classifier-inputs.ts';
import { trainBoostedTrees } from '../functions/campaigns/gradient-boosting.ts';
import { InsightCollector } from '../functions/campaigns/insight-columns.ts';
import { accountCpl30d, recommendationFacts } from '../functions/campaigns/recommendation-facts.ts';
import { firingRules } from '../functions/campaigns/recommendation-rules.ts';
import { tierByRules } from '../functions/campaigns/tier-rules.ts';
import { tierSamples } from '../functions/campaigns/tier-samples.ts';
import { dayNumber, dayText } from '../functions/contracts/campaign-entities.ts';
import { CLASSIFIER_COLUMNS } from '../functions/contracts/campaign-features.ts';
import type { InsightDay } from '../functions/contracts/campaign-insights.ts';
import { TIERS } from '../functions/contracts/campaign-records.ts';
import { Random } from '../functions/stats/random.ts';

/** 10,000 campaigns of 90 days each, made before the clock starts; the steps of the domain, in seconds, to standard output. */
const [CAMPAIGNS, DAYS, TRAINED] = [10_000, 90, 10_000];
const AS_OF = '2026-03-01';
const range = { from: dayText(dayNumber(AS_OF) - DAYS + 1), to: AS_OF };

const histories = Array.from({ length: CAMPAIGNS }, (_, n): InsightDay[] => {
  const random = new Random(7).fork(n);
  const price = 10 + 90 * random.uniform();
  return Array.from({ length: DAYS }, (_, at) => {
    const spend = 20 + 180 * random.uniform();
    const impressions = Math.floor(spend * 100 * (0.5 + random.uniform()));
    return {
      date: dayText(dayNumber(range.from) + at),
      spend,
      impressions,
      clicks: Math.floor(impressions * 0.02 * random.uniform()),
      leads: Math.floor((2 * random.uniform() * spend) / price),
      reach: Math.floor(impressions / (1 + 4 * random.uniform())),
      frequency: null,
      status: 'ACTIVE',
      daily_budget: 200,
    };
  });
});

function timed<T>(what: string, work: () => T): T {
  const start = performance.now();
  const result = work();
  console.log(`${what.padEnd(48)} ${((performance.now() - start) / 1000).toFixed(3)} s`);
  return result;
}

const started = performance.now();
const columns = timed(`collect ${CAMPAIGNS} × ${DAYS} days into columns`, () => {
  const collector = new InsightCollector(range);
  for (const [n, days] of histories.entries()) collector.add(`c${n}`, days);
  return collector.columns();
});
const features = timed('27 features', () => campaignFeatures(columns, AS_OF));
const inputs = timed('10 inputs of the classifier', () => classifierInputs(features));
const verdicts = timed('tiers by rules, with probabilities', () =>
  features.entityIds.map((_, entity) =>
    tierByRules({
      spend: features.values.spend_7d[entity]!,
      leads: features.values.leads_7d[entity]!,
      daysWithLeads: features.values.days_with_leads_7d[entity]!,
      averageCpl: features.averages.average_cpl,
    }),
  ),
);
const fired = timed('recommendations', () => {
  const sources = {
    columns,
    features,
    inputs,
    verdicts,
    accountCpl30d: accountCpl30d(columns),
    daysInTier: new Map(),
  };
  return features.entityIds.flatMap((_, entity) => firingRules(recommendationFacts(sources, entity)));
});
console.log(
  `${'features, tiers and recommendations together'.padEnd(48)} ${((performance.now() - started) / 1000).toFixed(3)} s`,
);
const samples = timed('samples for training', () => tierSamples(columns, range));
const some = {
  columns: samples.columns.map((column) => column.slice(0, TRAINED)),
  labels: samples.labels.slice(0, TRAINED),
};
const model = timed(`boosted trees on ${some.labels.length} samples, one fit`, () =>
  trainBoostedTrees(some, { columns: CLASSIFIER_COLUMNS, classes: TIERS }),
);
timed(`tiers of ${CAMPAIGNS} campaigns by boosted trees`, () => predictProbabilities(model, samples.columns));
console.log(
  `${fired.length} recommendations; peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, the made-up rows included`,
);
