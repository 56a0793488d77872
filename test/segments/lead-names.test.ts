import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brazilianState } from '../../functions/segments/brazil-regions.ts';
import { columnImportance, distinctiveFeatures } from '../../functions/segments/distinctive-features.ts';
import { findLeadColumns } from '../../functions/segments/lead-columns.ts';
import { LEAD_NAME_TABLE, type LevelBound } from '../../functions/segments/lead-name-rules.ts';
import { leadNames } from '../../functions/segments/lead-names.ts';
import { formatNumber, type Locale } from '../../functions/segments/localized-text.ts';
import { RECOMMENDATION_RULES } from '../../functions/segments/recommendation-rules.ts';
import { recommend } from '../../functions/segments/recommendations.ts';
import { segmentLevels } from '../../functions/segments/segment-levels.ts';
import { mergeTallies, type TallyColumn, tallyRows } from '../../functions/segments/segment-tally.ts';

type Cells = Readonly<Record<string, number | string>>;

/** Tallies of segments, each of which is `n` customers with the same cells, or a list of customers. */
function tallies(segments: readonly (readonly Cells[])[]) {
  const rows = segments.flatMap((cells, label) => cells.map((one) => ({ label, one })));
  const names = [...new Set(rows.flatMap(({ one }) => Object.keys(one)))];
  const columns = new Map<string, TallyColumn>(
    names.map((name) => {
      const values = rows.map(({ one }) => one[name]);
      if (values.some((value) => typeof value === 'string')) {
        const dictionary = [...new Set(values.filter((value) => value !== undefined).map(String))];
        const codes = Int32Array.from(values, (value) =>
          value === undefined ? -1 : dictionary.indexOf(String(value)),
        );
        return [name, { type: 'category', codes, dictionary }];
      }
      return [
        name,
        { type: 'number', values: Float64Array.from(values, (value) => Number(value ?? Number.NaN)) },
      ];
    }),
  );
  const partials = tallyRows(
    Int32Array.from(rows, ({ label }) => label),
    segments.length,
    columns,
  );
  const whole = mergeTallies(partials);
  const found = partials.map((partial) => mergeTallies([partial]));
  const importance = columnImportance(found, whole);
  return {
    whole,
    columns: findLeadColumns(names),
    segments: found.map((tally, id) => ({
      id,
      tally,
      distinctive: distinctiveFeatures(tally, whole, importance),
    })),
  };
}

const times = (n: number, cells: Cells) => Array.from({ length: n }, () => cells);
function named(segments: readonly (readonly Cells[])[], locale: Locale = 'pt-BR') {
  const { whole, columns, segments: found } = tallies(segments);
  return leadNames(found, whole, columns, locale);
}

/** The three examples of source S0-19; its second one calls RS "RJ" (ruling X08). */
const EXAMPLES = [
  times(9, {
    ltv_class: 'High',
    behavior_score: 85,
    days_since_lead: 30,
    state: 'SP',
    utm_source: 'google',
    country: 'BR',
  }),
  [
    ...times(4, {
      ltv_class: 'High',
      behavior_score: 60,
      days_since_lead: 30,
      state: 'Rio Grande do Sul',
      country: 'BR',
    }),
    ...times(4, { ltv_class: 'Medium', behavior_score: 60, days_since_lead: 30, state: 'RS', country: 'BR' }),
    ...times(1, { ltv_class: 'Low', behavior_score: 60, days_since_lead: 30, state: 'RS', country: 'BR' }),
  ],
  [
    ...times(4, { ltv_class: 'Low', behavior_score: 30, days_since_lead: 0, utm_source: 'tiktok' }),
    ...times(1, { ltv_class: 'High', behavior_score: 30, days_since_lead: 0, utm_source: 'tiktok' }),
  ],
];

describe('names of segments of leads', () => {
  it('are those of the examples of the source, in Portuguese', () => {
    expect(named(EXAMPLES).map(({ name }) => name)).toEqual([
      'Segmento 0 - Alto Valor + Alto Engajamento (SP)',
      'Segmento 1 - Médio Valor + Médio Engajamento (RS)',
      'Segmento 2 - Lead Quente + Baixo Engajamento (TikTok)',
    ]);
  });

  it('exist in English and Spanish', () => {
    expect(named(EXAMPLES, 'en')[2]?.name).toBe('Segment 2 - Hot Lead + Low Engagement (TikTok)');
    expect(named(EXAMPLES, 'es')[0]?.name).toBe('Segmento 0 - Alto Valor + Alta Interacción (SP)');
  });

  it('tell the rule and the numbers behind each word', () => {
    expect(named(EXAMPLES)[2]?.nameRule).toBe(
      'Lead Quente: days 0 (median of days_since_lead) is below 2, value 0.2 (mean of ltv_class) is below 0.4; ' +
        'Baixo Engajamento: engagement 0.3 (mean of behavior_score) is below 0.4; ' +
        '(TikTok): 100% by channel of utm_source, at least 50%',
    );
  });

  it('put a region, or abroad, in the place slot where no state dominates', () => {
    const lead = { ltv_class: 'High', behavior_score: 10 };
    const names = named([
      [
        ...times(2, { ...lead, state: 'SP', country: 'BR' }),
        ...times(2, { ...lead, state: 'Minas Gerais', country: 'BR' }),
        ...times(1, { ...lead, state: 'BA', country: 'BR' }),
      ],
      [
        ...times(2, { ...lead, country: 'US' }),
        ...times(1, { ...lead, country: 'AR' }),
        ...times(2, { ...lead, country: 'Brasil' }),
      ],
      times(3, lead),
    ]);
    expect(names.map(({ label }) => label)).toEqual([
      'Alto Valor + Baixo Engajamento (Sudeste)',
      'Alto Valor + Baixo Engajamento (Internacional)',
      'Alto Valor + Baixo Engajamento',
    ]);
  });

  it('take the most frequent country for home where nobody is from Brazil', () => {
    const lead = { ltv_class: 'High', utm_source: 'google' };
    const names = named([times(5, { ...lead, country: 'India' }), times(2, { ...lead, country: 'France' })]);
    expect(names.map(({ label }) => label)).toEqual(['Alto Valor (Google)', 'Alto Valor (Internacional)']);
  });

  it('say intention where it is high and engagement is not', () => {
    const names = named([
      times(3, { intention_level: 80, engagement_score: 50 }),
      times(3, { intention_level: 80, engagement_score: 90 }),
    ]);
    expect(names.map(({ label }) => label)).toEqual(['Alta Intenção', 'Alto Engajamento']);
  });

  it('judge money by its rank among all, so that no cut point depends on a currency', () => {
    const names = named([times(10, { ltv: 5 }), times(10, { ltv: 900 }), times(10, { ltv: 40 })], 'en');
    expect(names.map(({ label }) => label)).toEqual(['Low Value', 'High Value', 'Medium Value']);
  });

  it('tell what is distinctive where a dataset has neither value nor behaviour', () => {
    const names = named(
      [
        times(5, { age: 20, job: 'student' }),
        times(5, { age: 60, job: 'retired' }),
        times(10, { age: 40, job: 'clerk' }),
      ],
      'en',
    );
    expect(names.map(({ label }) => label)).toEqual([
      'more job student + low age',
      'more job retired + high age',
      'more job clerk',
    ]);
    expect(names[0]?.nameRule).toContain('standardised difference');
    expect(named([times(3, { age: 20 })], 'es')[0]?.label).toBe('Perfil Medio');
  });

  it('stay one line of plain text whatever the data holds', () => {
    const [name] = named([
      times(3, { ltv_class: 'High', utm_source: `<b>\n\u0000\u202e${'x'.repeat(500)}{column}` }),
    ]);
    expect(name?.label.length).toBeLessThan(80);
    expect(name?.label).not.toMatch(/\p{C}/u);
  });

  it('differ within a run, and do not depend on the order of the segments', () => {
    const cells = fc.record({
      ltv_class: fc.constantFrom('Low', 'Medium', 'High'),
      behavior_score: fc.integer({ min: 0, max: 100 }),
      state: fc.constantFrom('SP', 'RJ', 'AC'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(cells, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10 }),
        (segments) => {
          const { whole, columns, segments: found } = tallies(segments);
          const names = leadNames(found, whole, columns, 'pt-BR');
          expect(new Set(names.map(({ label }) => label)).size).toBe(segments.length);
          expect(leadNames(found.toReversed(), whole, columns, 'pt-BR').toReversed()).toEqual(names);
        },
      ),
    );
  });

  it('have their cut points printed in the documentation', () => {
    const text = readFileSync('docs/algorithms.md', 'utf8');
    const boundsOf = (bounds: readonly LevelBound[]) =>
      bounds.map(({ axis, side, cut }) => `${axis} ${side === 'atLeast' ? '≥' : '<'} ${cut}`).join(', ');
    const rows = [
      ...[...LEAD_NAME_TABLE.value, ...LEAD_NAME_TABLE.behavior].map(
        ({ word, bounds }) => `| ${word['pt-BR']} | ${word.en} | ${word.es} | ${boundsOf(bounds)} |`,
      ),
      ...RECOMMENDATION_RULES.map(
        ({ kind, bounds, text: words }) =>
          `| ${kind} | ${boundsOf(bounds) || 'nothing else does'} | ${words['pt-BR']} | ${words.en} | ${words.es} |`,
      ),
    ];
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe('states of Brazil', () => {
  it('are known by abbreviation and name, with or without accents', () => {
    expect(brazilianState('sp')).toEqual({ uf: 'SP', region: 'Sudeste' });
    expect(brazilianState(' Sao Paulo ')).toEqual({ uf: 'SP', region: 'Sudeste' });
    expect(brazilianState('PARÁ')?.region).toBe('Norte');
    expect(brazilianState('Texas')).toBeUndefined();
  });
});

describe('recommendations', () => {
  const recommended = (segment: readonly Cells[], locale: Locale = 'pt-BR') => {
    const { whole, columns, segments } = tallies([segment]);
    const tally = segments[0]!.tally;
    return recommend(segmentLevels(tally, whole, columns), tally, columns, locale);
  };

  it('are those of the source for a segment of high value and engagement', () => {
    expect(recommended(EXAMPLES[0]!)).toMatchObject({
      action_recommendations: ['Priorizar remarketing em 24h', 'Criar lookalike audience de alto valor'],
      bid_recommendations: ['Aumentar o lance em 30%'],
      campaign_recommendations: [
        'Campanha de aquisição com lookalike de 1%',
        'Concentrar o orçamento em google',
      ],
    });
  });

  it('give one bid, and something for every segment in every language', () => {
    const cells = fc.record(
      {
        ltv_class: fc.constantFrom('Low', 'Medium', 'High'),
        behavior_score: fc.integer({ min: 0, max: 100 }),
        intention_level: fc.integer({ min: 0, max: 100 }),
        bot_score: fc.integer({ min: 0, max: 100 }),
        days_since_lead: fc.integer({ min: 0, max: 180 }),
        other: fc.constant(1),
      },
      { requiredKeys: ['other'] },
    );
    fc.assert(
      fc.property(cells, fc.constantFrom<Locale>('pt-BR', 'en', 'es'), (one, locale) => {
        const given = recommended([one], locale);
        expect(given.action_recommendations).not.toEqual([]);
        expect(given.bid_recommendations).toHaveLength(1);
        expect(given.campaign_recommendations).not.toEqual([]);
        expect(Object.values(given).flat().join()).not.toContain('{');
      }),
    );
  });
});

describe('numbers in texts', () => {
  it('have the decimal mark of the language', () => {
    expect([formatNumber(1234.5, 'en'), formatNumber(12.345, 'pt-BR'), formatNumber(0.12345, 'es')]).toEqual([
      '1235',
      '12,35',
      '0,123',
    ]);
  });
});
