import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { InsightDay } from '../../functions/contracts/campaign-insights.ts';
import { REAL_DATA } from './expected-clustering.ts';

/** Days by campaign. */
export type CampaignDays = Map<string, InsightDay[]>;

const day = (date: string): InsightDay => ({
  date,
  spend: 0,
  impressions: 0,
  clicks: 0,
  leads: 0,
  reach: null,
  frequency: null,
  status: null,
  daily_budget: null,
});

/** Cells of a CSV file without quotes, header first; undefined where the file is missing. */
function rowsOf(file: string): string[][] | undefined {
  const path = join(REAL_DATA, file);
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
}

function add(campaigns: CampaignDays, id: string, date: string, more: Partial<InsightDay>): void {
  const days = campaigns.get(id) ?? [];
  campaigns.set(id, days);
  const found = days.find((one) => one.date === date) ?? day(date);
  if (!days.includes(found)) days.push(found);
  const sum = (name: 'spend' | 'impressions' | 'clicks' | 'leads') => found[name] + (more[name] ?? 0);
  Object.assign(found, {
    spend: sum('spend'),
    impressions: sum('impressions'),
    clicks: sum('clicks'),
    leads: sum('leads'),
  });
}

/** Three months of display advertising: 91 days by campaign, engagement, banner and placement; the year is not known, 2025 stands for it. */
export function adCampaignDaily(): CampaignDays | undefined {
  const rows = rowsOf('ad_campaign_daily/online_advertising_camp1_camp2.csv.gz');
  if (!rows) return undefined;
  const campaigns: CampaignDays = new Map();
  for (const [
    month,
    date,
    campaign,
    engagement,
    banner,
    placement,
    shown,
    cost,
    clicks,
    ,
    leads,
  ] of rows.slice(1)) {
    const number = { April: '04', May: '05', June: '06' }[month!];
    add(
      campaigns,
      [campaign, engagement, banner, placement].join('|').replaceAll(' ', ''),
      `2025-${number}-${date!.padStart(2, '0')}`,
      { spend: Number(cost), impressions: Number(shown), clicks: Number(clicks), leads: Number(leads) },
    );
  }
  return campaigns;
}

/** Facebook ads without dates: all that an ad ever did, on one day. */
export function kagFacebookAds(): CampaignDays | undefined {
  const rows = rowsOf('kag_facebook_ads/KAG_conversion_data.csv');
  if (!rows) return undefined;
  const campaigns: CampaignDays = new Map();
  for (const [ad, , , , , , impressions, clicks, spend, leads] of rows.slice(1)) {
    add(campaigns, ad!, '2025-06-30', {
      spend: Number(spend),
      impressions: Number(impressions),
      clicks: Number(clicks),
      leads: Number(leads),
    });
  }
  return campaigns;
}

/** A year of AdWords keywords: clicks and impressions, neither cost nor leads. */
export function adwordsDaily(): CampaignDays | undefined {
  const rows = rowsOf('adwords_daily/adwords_keywords_a.csv.gz');
  if (!rows) return undefined;
  const campaigns: CampaignDays = new Map();
  for (const [date, id, clicks, impressions] of rows.slice(1)) {
    const days = campaigns.get(id!) ?? [];
    campaigns.set(id!, days);
    days.push({ ...day(date!), clicks: Number(clicks), impressions: Number(impressions) });
  }
  return campaigns;
}
