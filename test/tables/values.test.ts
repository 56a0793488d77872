import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdReader, normaliseId } from '../../functions/tables/id-reader.ts';
import { parseNumber, parseTimestamp } from '../../functions/tables/values.ts';

const encode = (text: string) => new TextEncoder().encode(`,${text},`);
const number = (text: string) => parseNumber(encode(text), 1, encode(text).length - 1);
const timestamp = (text: string) => parseTimestamp(encode(text), 1, encode(text).length - 1);

describe('numbers', () => {
  it.each([
    ['6', 6],
    ['-12', -12],
    ['+3', 3],
    ['2.55', 2.55],
    ['.5', 0.5],
    ['5.', 5],
    ['0.30000000000000004', 0.30000000000000004],
    ['1e3', 1000],
    ['1.5E-3', 0.0015],
    ['000000000000000000012', 12],
    ['999999999999999', 999999999999999],
  ])('reads %s', (text, value) => {
    expect(number(text)).toBe(value);
  });

  it('rounds every decimal as JavaScript does', () => {
    const upTo = (nDigits: bigint) => fc.bigInt({ min: 0n, max: 10n ** nDigits });
    const decimals = fc.tuple(fc.oneof(upTo(14n), upTo(18n), upTo(20n)), fc.integer({ min: 0, max: 24 }));
    fc.assert(
      fc.property(decimals, ([digits, places]) => {
        const padded = String(digits).padStart(places + 1, '0');
        const text = `${padded.slice(0, padded.length - places)}.${padded.slice(padded.length - places)}`;
        fc.pre(Number(text) <= 1e15);
        expect(number(text)).toBe(Number(text));
      }),
      { numRuns: 6000 },
    );
  });

  it.each([
    '',
    '-',
    '.',
    'abc',
    '1,5',
    '1.2.3',
    '12x',
    '£5',
    '0x10',
    'Infinity',
    'NaN',
    '1e400',
    '1e16',
    '--1',
    '1 2',
    '٣',
  ])('fails to read %j', (text) => {
    expect(number(text)).toBeNaN();
  });
});

describe('timestamps', () => {
  it.each([
    ['2010-12-01', '2010-12-01T00:00:00Z'],
    ['2010-12-01 08:26', '2010-12-01T08:26:00Z'],
    ['2010-12-01 08:26:59', '2010-12-01T08:26:59Z'],
    ['2010-12-01T08:26:59.5', '2010-12-01T08:26:59.500Z'],
    ['2010-12-01T08:26:59.123456789Z', '2010-12-01T08:26:59.123Z'],
    ['2010-12-01T00:26:00+01:30', '2010-11-30T22:56:00Z'],
    ['2010-12-01 20:00:00-0530', '2010-12-02T01:30:00Z'],
    ['2000-02-29', '2000-02-29T00:00:00Z'],
    ['0001-01-01', '0001-01-01T00:00:00Z'],
    ['1900-03-01', '1900-03-01T00:00:00Z'],
  ])('reads %s as UTC', (text, iso) => {
    expect(timestamp(text)).toBe(Date.parse(iso));
  });

  it('agrees with the calendar of JavaScript on every day', () => {
    const first = Date.UTC(1896, 0, 1) / 86_400_000;
    const days = Array.from({ length: 80_000 }, (_, i) => (first + i) * 86_400_000);
    const wrong = days.filter((day) => timestamp(new Date(day).toISOString().slice(0, 10)) !== day);
    expect(wrong).toEqual([]);
  });

  it.each([
    '',
    '2010-13-01',
    '2010-00-01',
    '2010-02-29',
    '1900-02-29',
    '2010-04-31',
    '2010-12-00',
    '0000-01-01',
    '2010-12-01 24:00',
    '2010-12-01 23:60',
    '2010-12-01 23:59:60',
    '2010-12-01 8:26',
    '2010-12-01 08',
    '2010-12-01 08:26:',
    '2010-12-01 08:26:00.',
    '2010-12-01x08:26',
    '12/1/2010 8:26',
    '2010/12/01',
    '2010-12-01 08:26:00 PM',
    '2010-12-01T08:26+24:00',
    '2010-12-01T08:26+1',
    '20101201',
    '2010-1-1',
    'yesterday..',
  ])('fails to read %j', (text) => {
    expect(timestamp(text)).toBeNaN();
  });
});

describe('ids', () => {
  const read = (text: string | Uint8Array, escaped = 0) => {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    const record = {
      bytes,
      starts: Int32Array.of(0),
      ends: Int32Array.of(bytes.length),
      escaped: Uint8Array.of(escaped),
      line: 0,
      rowStart: 0,
      rowEnd: bytes.length,
    };
    return reader.read(record, 0);
  };
  const reader = new IdReader();

  it('lose the fraction that a float column gave them', () => {
    expect(['17850.0', '17850.00', '17850', '0', 'C536.0', '17850.5', '1.0.0'].map(normaliseId)).toEqual([
      '17850',
      '17850',
      '17850',
      '0',
      'C536.0',
      '17850.5',
      '1.0.0',
    ]);
  });

  it('are empty where a program wrote a word for no value', () => {
    expect(['nan', 'NULL', 'None', 'N/A'].map((text) => read(text))).toEqual(['', '', '', '']);
  });

  it('are told apart however many there are', () => {
    const ids = Array.from({ length: 200_000 }, (_, i) => `c${i}`);
    expect([...ids, ...ids].filter((id) => read(id) !== id)).toEqual([]);
  });

  it('keep other alphabets and doubled quotes', () => {
    expect(read('Zoë 日本')).toBe('Zoë 日本');
    expect(read('a""b', 1)).toBe('a"b');
    expect(read('a""b', 0)).toBe('a""b');
  });

  it('fails on bytes that are not UTF-8', () => {
    expect(read(Uint8Array.of(0x5a, 0xeb))).toBeUndefined();
  });
});
