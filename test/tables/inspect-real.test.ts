import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspectFile } from '../../cli/inspect.ts';
import type { ColumnReport, TableReport } from '../../functions/tables/table-report.ts';

const FOLDER = new URL('../../../shared/data/', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(encodeURI(name), FOLDER));

const column = ({ columns }: TableReport, name: string): ColumnReport => {
  const found = columns.find((other) => other.name === name);
  expect(found, `column ${name}`).toBeDefined();
  return found!;
};
const missingAs = (report: TableReport, name: string) =>
  Object.fromEntries(column(report, name).suspectedMissing.map(({ value, count }) => [value, count]));

/** A test on one file of the shared data, skipped where that is not there. */
const onFile = (title: string, name: string, test: (report: TableReport) => void) =>
  it.skipIf(!existsSync(path(name)))(`${title} (${name})`, async () => test(await inspectFile(path(name))));

describe('what inspect finds in real files', () => {
  onFile(
    'are dates, ids written as floats, returns and repeated rows',
    'online_retail/online_retail.csv.gz',
    (report) => {
      expect(report).toMatchObject({
        nRows: 541_909,
        nRejected: 0,
        duplicates: { count: 5268, exact: true },
      });
      expect(column(report, 'CustomerID')).toMatchObject({
        type: 'id',
        nMissing: 135_080,
        distinct: { count: 4372, exact: true },
        notes: ['integers_written_as_floats'],
      });
      expect(column(report, 'InvoiceNo')).toMatchObject({
        type: 'id',
        distinct: { count: 25_900, exact: true },
      });
      expect(column(report, 'StockCode').distinct.count).toBe(4070);
      expect(column(report, 'Description').nMissing).toBe(1454);
      expect(column(report, 'Quantity').numbers).toMatchObject({ min: -80_995, max: 80_995 });
      expect(column(report, 'InvoiceDate')).toMatchObject({
        type: 'timestamp',
        span: { earliest: '2010-12-01T08:26:00.000Z', latest: '2011-12-09T12:50:00.000Z' },
      });
      expect(column(report, 'Country').distinct).toEqual({ count: 38, exact: true });
      expect(missingAs(report, 'Country')).toEqual({ Unspecified: 446 });
    },
  );

  onFile(
    'are numbers and dates of a spreadsheet',
    'online_retail/Online Retail first 10000 rows.xlsx',
    (report) => {
      expect(report).toMatchObject({ format: 'xlsx', nRows: 10_000 });
      expect(report.oneShardBecause).toMatch(/spreadsheet/);
      expect(column(report, 'InvoiceDate').type).toBe('timestamp');
      expect(column(report, 'CustomerID')).toMatchObject({ type: 'id', notes: [] });
      expect(column(report, 'UnitPrice').type).toBe('decimal');
    },
  );

  onFile(
    'are "Select" for missing, an empty 38th column and constants',
    'x_education_leads/Leads.csv.gz',
    (report) => {
      expect(report.nRows).toBe(9240);
      expect(report.columns).toHaveLength(38);
      expect(report.columns[37]).toMatchObject({
        name: 'c38',
        type: 'empty',
        nMissing: 9240,
        ignored: 'empty',
      });
      expect(missingAs(report, 'Specialization')).toEqual({ Select: 1942 });
      expect(missingAs(report, 'How did you hear about X Education')).toEqual({ Select: 5043 });
      expect(missingAs(report, 'Lead Profile')).toEqual({ Select: 4146 });
      expect(missingAs(report, 'City')).toEqual({ Select: 2249 });
      expect(column(report, 'Tags').nMissing).toBe(3353);
      expect(column(report, 'TotalVisits')).toMatchObject({ nMissing: 137, type: 'integer' });
      expect(column(report, 'Magazine').ignored).toBe('constant');
      expect(column(report, 'Converted').top).toEqual([
        { value: '0', count: 5679 },
        { value: '1', count: 3561 },
      ]);
      expect(column(report, 'Prospect ID').type).toBe('id');
      expect(report.columns.filter(({ personal }) => personal !== null)).toEqual([]);
    },
  );

  onFile('are the sheets of a dictionary', 'x_education_leads/Leads Data Dictionary.xlsx', (report) => {
    expect(report.nRows).toBeGreaterThan(30);
  });

  onFile(
    'are semicolons, quotes, unknowns and the sentinel 999',
    'bank_marketing/bank-additional-full.csv.gz',
    (report) => {
      expect(report).toMatchObject({ nRows: 41_188, delimiter: ';', duplicates: { count: 12 } });
      expect(column(report, 'pdays').suspectedMissing).toEqual([
        { value: '999', count: 39_673, reason: 'sentinel_number' },
      ]);
      for (const [name, count] of [
        ['job', 330],
        ['marital', 80],
        ['education', 1731],
        ['default', 8597],
        ['housing', 990],
        ['loan', 990],
      ] as const) {
        expect(missingAs(report, name)).toEqual({ unknown: count });
      }
      expect(column(report, 'y')).toMatchObject({
        type: 'boolean',
        top: [
          { value: 'no', count: 36_548 },
          { value: 'yes', count: 4640 },
        ],
      });
      expect(column(report, 'duration').suspectedMissing).toEqual([]);
    },
  );

  onFile(
    'are upper-case booleans and repeated rows',
    'online_shoppers/online_shoppers_intention.csv.gz',
    (report) => {
      expect(report).toMatchObject({ nRows: 12_330, duplicates: { count: 125 } });
      expect(column(report, 'Revenue')).toMatchObject({
        type: 'boolean',
        top: [
          { value: 'FALSE', count: 10_422 },
          { value: 'TRUE', count: 1908 },
        ],
      });
      expect(column(report, 'Month').type).toBe('category');
    },
  );

  onFile("is a program's row number", 'cookie_cats/cookie_cats.csv.gz', (report) => {
    expect(column(report, 'c1')).toMatchObject({ ignored: 'row_number', type: 'integer' });
    expect(column(report, 'sum_gamerounds').numbers).toMatchObject({ max: 49_854 });
    expect(column(report, 'retention_7').type).toBe('boolean');
  });

  onFile('are times with a zone', 'open_bandit/random_men.csv.gz', (report) => {
    expect(column(report, 'timestamp')).toMatchObject({
      type: 'timestamp',
      span: { earliest: expect.stringMatching(/^2019-11-24T00:/) },
    });
    expect(column(report, 'user_feature_0').type).toBe('category');
  });

  onFile(
    'are gaps and repeated rows',
    'ad_campaign_daily/online_advertising_camp1_camp2.csv.gz',
    (report) => {
      expect(report).toMatchObject({ nRows: 8491, duplicates: { count: 4 } });
      expect(missingAs(report, 'placement')).toEqual({ '#N/A': 216 });
    },
  );

  onFile('are dates that repeat another column', 'adwords_daily/adwords_keywords_a.csv.gz', (report) => {
    expect(report.nRows).toBe(159_333);
    expect(column(report, 'id')).toMatchObject({ type: 'id', distinct: { count: 452 } });
    expect(column(report, 'Date').type).toBe('date');
    expect(column(report, 'Date').span).toEqual(column(report, 'date').span);
  });

  onFile('are float noise and age bands, not dates', 'kag_facebook_ads/KAG_conversion_data.csv', (report) => {
    expect(column(report, 'age').type).toBe('category');
    expect(column(report, 'Spent').type).toBe('decimal');
  });

  onFile('are equal profiles of people', 'hillstrom_email/hillstrom_a.csv.gz', (report) => {
    expect(report.nRows).toBe(32_000);
    expect(column(report, 'visit').type).toBe('boolean');
    expect(column(report, 'history_segment').type).toBe('category');
  });

  onFile('are quoted dates', 'prophet_series/example_wp_log_peyton_manning.csv', (report) => {
    expect(report.nRows).toBe(2905);
    expect(column(report, 'ds')).toMatchObject({ type: 'date', distinct: { count: 2905 } });
  });

  onFile('is an hour that comes twice', 'nab_ad_exchange/exchange-2_cpc_results.csv', (report) => {
    expect(column(report, 'timestamp')).toMatchObject({ type: 'timestamp', distinct: { count: 1623 } });
  });

  onFile('is no header', 'clustering_sklearn/digits.csv.gz', (report) => {
    expect(report).toMatchObject({ nRows: 1797 });
    expect(report.columns.map(({ name }) => name).slice(0, 2)).toEqual(['c1', 'c2']);
    expect(report.columns[0]!.ignored).toBe('constant');
  });

  onFile('are runs of blanks', 'clustering_sipu/sipu/s1.data.gz', (report) => {
    expect(report).toMatchObject({ nRows: 5000, delimiter: 'blanks' });
  });

  onFile('are spends without a fault', 'wholesale_customers/wholesale_customers.csv', (report) => {
    expect(report).toMatchObject({ nRows: 440, duplicates: { count: 0 }, oneShardBecause: null });
    expect(
      report.columns.every(({ nMissing, suspectedMissing }) => nMissing + suspectedMissing.length === 0),
    ).toBe(true);
  });
});
