import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';
import { DistinctSketch } from '../../functions/tables/distinct-sketch.ts';
import { parseLocalDate } from '../../functions/tables/local-dates.ts';
import { parseLocalNumber } from '../../functions/tables/local-numbers.ts';
import { maskText } from '../../functions/tables/mask-text.ts';
import { openTable } from '../../functions/tables/open-table.ts';
import { planRanges } from '../../functions/tables/plan-ranges.ts';
import { readTable } from '../../functions/tables/read-table.ts';
import { TableProfile } from '../../functions/tables/table-profile.ts';
import { tableReport } from '../../functions/tables/table-report.ts';
import { chunkedSource, reportOf } from '../support/read-cells.ts';

/** The report on one column of values. */
async function columnOf(values: readonly string[], name = 'x') {
  const quoted = values.map((value) => `"${value.replaceAll('"', '""')}",1`);
  return (await reportOf(chunkedSource('t.csv', `${name},y\n${quoted.join('\n')}\n`))).columns[0]!;
}

describe('the sketch of distinct values', () => {
  const bytes = new TextEncoder().encode('v');
  const hashes = (n: number, seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: n }, () => Math.floor(random.uniform() * 2 ** 53));
  };
  const sketchOf = (values: readonly number[], limit: number) => {
    const sketch = new DistinctSketch(limit);
    for (const hash of values) sketch.add(hash, bytes, 0, 1, () => 0);
    return sketch;
  };

  it('is exact up to its limit, and estimates beyond it within three standard errors', () => {
    const values = hashes(5000, 1);
    expect(sketchOf([...values, ...values], 5000)).toMatchObject({ exact: true, distinct: 5000 });
    const estimate = sketchOf([...values, ...values], 2000);
    expect(estimate.exact).toBe(false);
    expect(Math.abs(estimate.distinct / 5000 - 1)).toBeLessThan(3 / Math.sqrt(1000));
    expect(estimate.meanCount).toBe(2);
  });

  it('comes out the same in any order and from any shards', () => {
    const values = hashes(300, 2).flatMap((hash, i) => new Array<number>(1 + (i % 3)).fill(hash));
    const whole = sketchOf(values, 64).toJSON();
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: values.length, maxLength: values.length }),
        (shardOf) => {
          const merged = new DistinctSketch(64);
          for (const shard of [2, 0, 3, 1]) {
            const part = sketchOf(
              values.filter((_, i) => shardOf[i] === shard),
              64,
            );
            merged.merge(DistinctSketch.from(JSON.parse(JSON.stringify(part)), 64));
          }
          expect(merged.toJSON()).toEqual(whole);
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });
});

describe('a report', () => {
  it('is the same, whatever shards it was counted in', async () => {
    const random = new Random(7);
    const rows = Array.from({ length: 3000 }, (_, i) => {
      const day = 1 + random.integer(28);
      return `${i},${random.normal(0, 10)},"1.${random.integer(900) + 100},${random.integer(10)}",${day}/03/2024,${random.integer(4) === 0 ? '?' : 'red'},`;
    });
    const source = chunkedSource(
      't.csv',
      `id,a,b,d,c,e\n${rows.join('\n')}\n${rows.slice(0, 5).join('\n')}\n`,
    );
    const layout = await openTable(source);
    const whole = await reportOf(source);
    expect(whole.duplicates).toEqual({ count: 5, exact: true });
    for (const n of [2, 7]) {
      const profile = new TableProfile(layout.header);
      for (const range of await planRanges(source, layout, n)) {
        const part = new TableProfile(layout.header);
        for await (const batch of readTable(source, layout, { range })) part.add(batch);
        profile.merge(part);
      }
      expect(tableReport('t.csv', layout, profile)).toEqual(whole);
    }
  });

  it('sums up numbers as worked by hand', async () => {
    const { numbers, distinct, nMissing } = await columnOf(['1', '2', '3', '4', '100', '']);
    expect(numbers).toMatchObject({ count: 5, min: 1, max: 100, mean: 22, outlierShare: 0.2 });
    expect(numbers!.quantiles).toMatchObject({ p25: 2, p50: 3, p75: 4 });
    expect(numbers!.histogram[0]).toBe(4);
    expect(numbers!.histogram[19]).toBe(1);
    expect({ distinct, nMissing }).toEqual({ distinct: { count: 5, exact: true }, nMissing: 1 });
  });

  it.each([
    ['31/01/2024 and 05/02/2024', ['31/01/2024', '05/02/2024'], 'date', 'day_before_month', '2024-01-31'],
    [
      '01/31/2024 and 05/02/2024',
      ['01/31/2024', '05/02/2024 7:30 PM'],
      'timestamp',
      'month_before_day',
      '2024-01-31',
    ],
    ['01/02/2024 alone', ['01/02/2024', '03/04/2024'], 'date', 'ambiguous_day_and_month', '2024-02-01'],
    ['points', ['01.02.2024', '03.04.2024'], 'date', 'day_before_month', '2024-02-01'],
  ])('tells days from months by the data: %s', async (_, values, type, note, earliest) => {
    const column = await columnOf(values);
    expect(column).toMatchObject({ type, notes: [note] });
    expect(column.span!.earliest).toBe(earliest);
  });

  it.each([
    [['1.234,5', '2,25', '7'], 'decimal', ['decimal_comma'], 1234.5],
    [['1,234.5', '2.25', '7'], 'decimal', [], 1234.5],
    [["1'234", '99', '-5'], 'integer', [], 1234],
    [['1,234', '5,678'], 'integer', ['ambiguous_decimal_mark'], 5678],
    [['€ 3.50', '12 €'], 'decimal', [], 12],
  ])('reads the numbers of %j', async (values, type, notes, max) => {
    const column = await columnOf(values);
    expect(column).toMatchObject({ type, notes });
    expect(column.numbers!.max).toBe(max);
  });

  it('knows lists, identifiers, serial dates and mixtures', async () => {
    expect(await columnOf(['["a","b"]', '["c"]', '[]'])).toMatchObject({
      type: 'list',
      notes: ['lists_of_json'],
    });
    expect(await columnOf(['a|b', 'c|d|e', 'f'])).toMatchObject({ type: 'list', notes: ['lists_of_bars'] });
    expect(await columnOf(['17850.0', '17851.0'], 'CustomerID')).toMatchObject({
      type: 'id',
      notes: ['integers_written_as_floats'],
    });
    expect(await columnOf(['45292', '45293'], 'order_date')).toMatchObject({ notes: ['excel_serial_dates'] });
    expect((await columnOf(['1', '2', '3', 'x'])).notes).toEqual(['mixed_types']);
    expect((await columnOf(['=cmd()', '-5', 'a'])).notes).toContain('formula_texts');
  });

  it('suspects words and far numbers of meaning "missing", and no others', async () => {
    const numbers = Array.from({ length: 50 }, (_, i) => String(i % 20));
    expect((await columnOf([...numbers, '999', '999'])).suspectedMissing).toEqual([
      { value: '999', count: 2, reason: 'sentinel_number' },
    ]);
    expect((await columnOf([...numbers, '-1'])).suspectedMissing).toEqual([
      { value: '-1', count: 1, reason: 'sentinel_number' },
    ]);
    expect((await columnOf([...numbers, '99', '60', '45'])).suspectedMissing).toEqual([]);
    expect(
      (await columnOf([...numbers, 'NULL', '?', '?'])).suspectedMissing.map(({ value }) => value),
    ).toEqual(['?', 'NULL']);
    expect((await columnOf([...numbers, 'NULL'])).type).toBe('integer');
  });

  it('shows nothing of people but the shape', async () => {
    const mails = await columnOf(['ann@example.org', 'ann@example.org', 'bob@example.org']);
    expect(mails).toMatchObject({
      personal: 'email',
      top: [{ value: 'aaa@aaaaaaa.aaa', count: 2 }, { count: 1 }],
    });
    expect(JSON.stringify(mails)).not.toMatch(/example/);
    expect((await columnOf(['Ann Lee', 'Ann Lee', 'Bo'], 'customer_name')).personal).toBe('name');
    expect((await columnOf(['+49 30 123456', '+49 (0)30 99887'], 'contact')).personal).toBe('phone');
    expect((await columnOf(['No', 'Yes'], 'Do Not Email')).personal).toBeNull();
    expect(maskText('Ærø 7-B, a@b.de')).toBe('Aaa 9-A, a@a.aa');
  });
});

describe('local values', () => {
  it('may have an exponent behind a decimal comma, up to where numbers are taken for damage', () => {
    expect(parseLocalNumber('-1,75e-08', ',')).toBe(-1.75e-8);
    expect(parseLocalNumber('2E+3', ',')).toBe(2000);
    for (const text of ['1,5e16', '5e', 'e5', '1,5e5,0']) expect(parseLocalNumber(text, ','), text).toBeNaN();
  });

  it('fail where they are none', () => {
    for (const text of ['', '1,23,4', '1.2.3', 'a', '--1', '12,34', '1 23'])
      expect(parseLocalNumber(text, '.'), text).toBeNaN();
    for (const text of [
      '31/02/2024',
      '1/13/2024',
      '1/2',
      '1/2/024',
      '1/2/2024 25:00',
      '1/2/2024 13:00 PM',
      '1.2/2024',
    ]) {
      expect(parseLocalDate(text, 'dmy'), text).toBeNaN();
    }
    expect(parseLocalDate('31.12.2024', 'mdy')).toBeNaN();
  });

  it('agree with the calendar of JavaScript', () => {
    expect(parseLocalDate('29/02/24 11:59:58 pm', 'dmy')).toBe(Date.UTC(2024, 1, 29, 23, 59, 58));
    expect(parseLocalDate('12/01/10 8:26', 'mdy')).toBe(Date.UTC(2010, 11, 1, 8, 26));
    expect(parseLocalDate('12/1/69 12:00 AM', 'mdy')).toBe(Date.UTC(1969, 11, 1));
    expect(parseLocalDate('2024/3/9', 'ymd')).toBe(Date.UTC(2024, 2, 9));
  });
});
