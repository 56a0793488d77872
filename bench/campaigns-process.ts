import { writeFileSync } from 'node:fs';
import { predictProbabilities, trainingColumns } from '../functions/campaigns/boosted-trees.ts';
import { campaignFeatures } from '../functions/campaigns/campaign-features.ts';
import { classifierInputs } from '../functions/campaigns/classifier-inputs.ts';
import { detectAnomalies } from '../functions/campaigns/detect-anomalies.ts';
import { entitySeries } from '../functions/campaigns/entity-series.ts';
import { trainBoostedTrees } from '../functions/campaigns/gradient-boosting.ts';
import { tierByRules } from '../functions/campaigns/tier-rules.ts';
import { dayNumber, dayText } from '../functions/contracts/campaign-entities.ts';
import { CAMPAIGN_FEATURES, CLASSIFIER_COLUMNS } from '../functions/contracts/campaign-features.ts';
import { TARGET_METRICS, TIERS } from '../functions/contracts/campaign-records.ts';
import { ema } from '../functions/forecast/ema.ts';
import { knownCount, MIN_HISTORY } from '../functions/forecast/time-series.ts';
import { LAST_DAY, readColumns } from './made-up-campaigns.ts';

/**
 * Child of `campaigns.ts`: features, tiers, anomalies and moving-average forecasts of all campaigns of a file, one after the
 * other on one core, in a fresh process. Writes what came out to OUTPUT and prints core seconds per step, the peak
 * resident memory and how far a model of the tiers got, as JSON.
 *
 * usage: campaigns-process.ts FILE OUTPUT
 */
const [file = '', output = ''] = process.argv.slice(2);
const JUDGED_DAYS = 3;
const HORIZON = 7;
const columns = readColumns(file);
const n = columns.entityIds.length;
const steps: Record<string, number> = {};

/** Seconds that the process has had of its core, those of the collector and the compiler included. */
function coreSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function timed<T>(step: string, work: () => T): T {
  const started = coreSeconds();
  const result = work();
  steps[step] = coreSeconds() - started;
  return result;
}

function tiersOf(features: ReturnType<typeof campaignFeatures>) {
  const { values, averages } = features;
  return features.entityIds.map((_, entity) =>
    tierByRules({
      spend: values.spend_7d[entity]!,
      leads: values.leads_7d[entity]!,
      daysWithLeads: values.days_with_leads_7d[entity]!,
      averageCpl: averages.average_cpl,
    }),
  );
}

const { features, inputs } = timed('features', () => {
  const made = campaignFeatures(columns, LAST_DAY);
  return { features: made, inputs: classifierInputs(made) };
});
const verdicts = timed('tiers', () => tiersOf(features));
const anomalies = timed('anomalies', () => {
  const found: string[] = [];
  for (let entity = 0; entity < n; entity++) {
    const series = entitySeries(columns, entity);
    for (let day = columns.nDays - JUDGED_DAYS; day < columns.nDays; day++) {
      for (const { type, severity } of detectAnomalies(series, day))
        found.push(`${entity} ${day} ${type} ${severity}`);
    }
  }
  return found;
});
const forecasts = timed('forecasts', () => {
  const points = new Float64Array(n * TARGET_METRICS.length * HORIZON * 3).fill(Number.NaN);
  const timestamps = new Float64Array(columns.nDays);
  const future = new Float64Array(HORIZON);
  for (let entity = 0; entity < n; entity++) {
    const { values } = entitySeries(columns, entity);
    for (const [place, metric] of TARGET_METRICS.entries()) {
      if (knownCount(values[metric]) < MIN_HISTORY) continue;
      const { point, halfWidth } = ema.project(
        { values: values[metric], timestamps, seasonLength: 7 },
        future,
      );
      for (let day = 0; day < HORIZON; day++) {
        const at = ((entity * TARGET_METRICS.length + place) * HORIZON + day) * 3;
        points[at] = Math.max(0, point[day]!);
        points[at + 1] = Math.max(0, point[day]! - halfWidth[day]!);
        points[at + 2] = Math.max(0, point[day]! + halfWidth[day]!);
      }
    }
  }
  return points;
});
const peakMb = process.resourceUsage().maxRSS / 1024;

// A model of the tiers: what campaigns were a week ago, and the tier that the week turned out to be.
const before = campaignFeatures(columns, dayText(dayNumber(LAST_DAY) - 7));
const formerInputs = classifierInputs(before);
const formerTiers = tiersOf(before);
const known = Array.from({ length: n }, (_, entity) => entity).filter(
  (at) => formerTiers[at] && verdicts[at],
);
const halves = [0, 1].map((half) => known.filter((entity) => entity % 2 === half));
const [learnt, held] = halves.map((entities) => ({
  columns: trainingColumns(
    CLASSIFIER_COLUMNS.map((column) => entities.map((at) => formerInputs[column][at]!)),
  ),
  labels: Uint8Array.from(entities, (at) => TIERS.indexOf(verdicts[at]!.tier)),
}));
const told = timed('model', () => {
  const model = trainBoostedTrees(learnt!, { columns: CLASSIFIER_COLUMNS, classes: TIERS });
  return predictProbabilities(model, held!.columns);
});
const logLoss =
  -held!.labels.reduce((sum, label, row) => sum + Math.log(told[label]![row]!), 0) / held!.labels.length;

writeFileSync(
  output,
  Buffer.concat(
    [
      ...CAMPAIGN_FEATURES.map((feature) => features.values[feature]),
      ...CLASSIFIER_COLUMNS.map((column) => inputs[column]),
      Float64Array.from(verdicts, (verdict) => (verdict ? TIERS.indexOf(verdict.tier) : -1)),
      Float64Array.from(verdicts, (verdict) => verdict?.confidence ?? Number.NaN),
      forecasts,
    ].map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
  ),
);
writeFileSync(`${output}.anomalies`, anomalies.toSorted().join('\n'));
console.log(
  JSON.stringify({ steps, peakMb, nAnomalies: anomalies.length, nSamples: learnt!.labels.length, logLoss }),
);
