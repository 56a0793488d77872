import { memoryPorts } from '../functions/adapters/memory.ts';
import { classifyCampaigns } from '../functions/classify-campaigns.ts';
import { type Classification, TIERS } from '../functions/contracts/campaign-records.ts';
import { recommendCampaigns } from '../functions/recommend-campaigns.ts';
import { trainCampaignModel } from '../functions/train-campaign-model.ts';
import {
  adCampaignDaily,
  adwordsDaily,
  type CampaignDays,
  kagFacebookAds,
} from '../test/support/campaign-data.ts';

const account = { tenant: 'report', configId: 1 };

/** Writes what the service makes of one real data set, as a media buyer would read it, to standard output. */
async function report(title: string, campaigns: CampaignDays | undefined, asOf: string): Promise<void> {
  console.log(`\n### ${title}, ${asOf}\n`);
  if (!campaigns) return console.log('The data is not here.');
  const ports = memoryPorts();
  for (const [entity_id, days] of campaigns) {
    await ports.insights.put(
      account,
      days.map((day) => ({ entity_type: 'campaign', entity_id, ...day })),
    );
  }
  const at = new Date(`${asOf}T12:00:00Z`);
  const done = await classifyCampaigns(ports, account, { asOf, at, method: 'rules' });
  const { average_cpl: cpl, average_ctr: ctr } = done.averages;
  console.log(
    `${campaigns.size} campaigns; average CPL ${number(cpl)}, CTR ${number(ctr)}%; ${done.insufficient.length} without spend in the 7 days.\n`,
  );
  console.log(
    '| tier | campaigns | spend 7 d | leads 7 d | CPL | mean confidence |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const tier of TIERS) {
    const found = done.classifications.filter((one) => one.tier === tier);
    const [spend, leads] = [sum(found, 'spend_7d'), sum(found, 'leads_7d')];
    const confidence = found.reduce((total, one) => total + one.confidence_score, 0) / found.length;
    console.log(
      `| ${tier} | ${found.length} | ${number(spend)} | ${leads} | ${number(leads > 0 ? spend / leads : null)} | ${number(confidence)} |`,
    );
  }
  const { issued } = await recommendCampaigns(ports, account, { asOf, at });
  const types = new Map<string, typeof issued>();
  for (const one of issued) {
    types.set(one.recommendation_type, [...(types.get(one.recommendation_type) ?? []), one]);
  }
  console.log('\n| recommendation | campaigns | one of them |\n|---|---:|---|');
  for (const [type, all] of [...types].sort(([, a], [, b]) => b[0]!.priority - a[0]!.priority)) {
    const surest = all.toSorted((a, b) => b.confidence_score - a.confidence_score)[0]!;
    console.log(`| ${type} | ${all.length} | ${surest.description} |`);
  }
  try {
    const model = await trainCampaignModel(ports, account, { asOf, at });
    const { accuracy, f1_weighted, log_loss, rules_accuracy, rules_f1_weighted, rules_log_loss } =
      model.validation_metrics;
    console.log(
      `\nClassifier on ${model.samples_count} samples, held-out campaigns: accuracy ${number(accuracy)}, weighted F1 ${number(f1_weighted)}, log loss ${number(log_loss)}; rules ${number(rules_accuracy)}, ${number(rules_f1_weighted)}, ${number(rules_log_loss)}: ${model.status}.`,
    );
  } catch (error) {
    console.log(`\nClassifier: ${error instanceof Error ? error.message : error}`);
  }
}

const sum = (all: readonly Classification[], metric: string) =>
  all.reduce((total, one) => total + Number(one.metrics_snapshot[metric]), 0);
const number = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) ? String(Math.round(value * 1000) / 1000) : '—';

await report('ad_campaign_daily', adCampaignDaily(), '2025-06-30');
await report('ad_campaign_daily', adCampaignDaily(), '2025-05-01');
await report('kag_facebook_ads', kagFacebookAds(), '2025-06-30');
await report('adwords_daily', adwordsDaily(), '2013-03-31');
