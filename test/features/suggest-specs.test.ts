import { describe, expect, it } from 'vitest';
import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { suggestSpecs } from '../../functions/features/suggest-specs.ts';
import { column } from './recipe-fixture.ts';

const columns = [
  column('created_at', 'time'),
  column('ltv_class', 'category'),
  column('purchase_value', 'number'),
  column('behavior_score', 'number'),
  column('engagement_score', 'number'),
  column('intention_level', 'number'),
  column('bot_score', 'number'),
  column('country', 'category'),
  column('state', 'category'),
  column('utm_source', 'category'),
  column('utm_medium', 'category'),
];
const suggest = (config: object = {}, kind: 'leads' | 'customers' = 'leads') =>
  suggestSpecs({ config: datasetConfigSchema.parse(config), kind, columns, timeColumn: 'created_at' });
const names = (config: object = {}, kind: 'leads' | 'customers' = 'leads') =>
  suggest(config, kind).specs.map(({ kind: made, column: of }) => `${made} ${of}`);

describe('suggested features', () => {
  it('of leads are those that their source recommends (S0-08), on 0..1, with the bot score turned round', () => {
    const { scaling, specs, selection } = suggest();
    expect(scaling).toBe('minmax');
    expect(selection).toEqual({ nearConstantShare: 0.995, maxCorrelation: 0.98 });
    expect(specs).toEqual([
      { kind: 'recency', column: 'created_at', name: 'days_since_lead' },
      { kind: 'calendar', column: 'created_at', parts: ['hour_of_day', 'is_weekend', 'is_business_hours'] },
      { kind: 'ordinal', column: 'ltv_class', order: ['Low', 'Medium', 'High'] },
      { kind: 'numeric', column: 'purchase_value' },
      { kind: 'numeric', column: 'behavior_score' },
      { kind: 'numeric', column: 'engagement_score' },
      { kind: 'numeric', column: 'intention_level' },
      { kind: 'numeric', column: 'bot_score', invert: 100 },
      { kind: 'onehot', column: 'country' },
      { kind: 'onehot', column: 'state' },
      { kind: 'onehot', column: 'utm_source' },
      { kind: 'onehot', column: 'utm_medium' },
    ]);
  });

  it('of customers are z-scores, and days since each time', () => {
    expect(suggest({}, 'customers').scaling).toBe('zscore');
    expect(names({}, 'customers')[0]).toBe('recency created_at');
    expect(names({}, 'customers')).not.toContain('calendar created_at');
  });

  it('are narrowed by groups and by columns, spelled in any case', () => {
    expect(names({ featuresToUse: ['geo', 'Behavior Score', 'time'] })).toEqual([
      'recency created_at',
      'calendar created_at',
      'numeric behavior_score',
      'numeric bot_score',
      'onehot country',
      'onehot state',
    ]);
  });

  it('never hold personal columns', () => {
    expect(names({ personal: { columns: ['Country'] } })).not.toContain('onehot country');
  });

  it('are the configured ones, where they are configured', () => {
    const features = [{ kind: 'numeric', column: 'purchase_value', log1p: true, scaling: 'robust' }];
    expect(suggest({ features, selection: null, scaling: 'none' })).toEqual({
      scaling: 'none',
      timeZone: 'UTC',
      specs: features,
      selection: undefined,
    });
  });

  it.each([
    [
      { featuresToUse: ['ltv', 'shoe_size'] },
      /no usable column or feature group "shoe_size".*created_at, ltv_class.*Groups: ltv/,
    ],
    [{ featuresToUse: ['toString'] }, /"toString"/],
    [{ features: [{ kind: 'numeric', column: 'shoe_size' }] }, /"shoe_size"/],
    [
      { features: [{ kind: 'numeric', column: 'country' }] },
      /kind numeric needs a column of type number or boolean, but "country" is of type category/,
    ],
  ])('fails for what no column answers to: %j', (config, message) => {
    expect(() => suggest(config)).toThrow(message);
  });
});
