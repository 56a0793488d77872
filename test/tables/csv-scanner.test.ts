import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvScanner, MAX_RECORD_BYTES } from '../../functions/tables/csv-scanner.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** All records as text, with the line break count before each; the input comes in chunks of `chunk` bytes. */
function scan(text: string | Uint8Array, nColumns: number, chunk = 1 << 20, delimiter = ',') {
  const rows: string[][] = [];
  const lines: number[] = [];
  const selected = Array.from({ length: nColumns }, (_, column) => column);
  const scanner = new CsvScanner({ delimiter, nColumns, selected }, (record) => {
    lines.push(record.line);
    rows.push(
      selected.map((slot) => {
        const field = new TextDecoder().decode(record.bytes.subarray(record.starts[slot], record.ends[slot]));
        return record.escaped[slot] === 1 ? field.replaceAll('""', '"') : field;
      }),
    );
  });
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  for (let at = 0; at < bytes.length; at += chunk) scanner.push(bytes.slice(at, at + chunk));
  scanner.end();
  return { rows, lines };
}

const malformed = (reason: string, line: number) =>
  expect.objectContaining({ name: 'MalformedRecord', reason, line });

describe('the CSV scanner', () => {
  it('reads plain, quoted and empty fields, CRLF and a last line without a break', () => {
    const text = 'a,b,c\r\n"x, y","say ""hi""",\n,"line\nbreak", trailing \t\r\n1,2,3';
    expect(scan(text, 3).rows).toEqual([
      ['a', 'b', 'c'],
      ['x, y', 'say "hi"', ''],
      ['', 'line\nbreak', 'trailing'],
      ['1', '2', '3'],
    ]);
  });

  it('counts the lines inside quotes', () => {
    expect(scan('a,"1\n2\n3"\nb,c\n\nd,e\n', 2).lines).toEqual([0, 3, 5]);
  });

  it('takes a quote inside an unquoted field as text', () => {
    expect(scan('6" PLATE,x\n', 2).rows).toEqual([['6" PLATE', 'x']]);
  });

  it('skips blank lines, whatever blanks they hold', () => {
    expect(scan('\n \t\r\na,b\n\n\r\n', 2).rows).toEqual([['a', 'b']]);
  });

  it.each([',', ';', '\t', '|'])('splits at the delimiter %j', (delimiter) => {
    expect(scan(`a${delimiter}"b${delimiter}c"\n`, 2, 99, delimiter).rows).toEqual([['a', `b${delimiter}c`]]);
  });

  it('keeps only the selected columns, in the order asked for', () => {
    const rows: string[] = [];
    const scanner = new CsvScanner({ delimiter: ',', nColumns: 3, selected: [2, 0] }, (record) => {
      const field = (slot: number) =>
        new TextDecoder().decode(record.bytes.subarray(record.starts[slot], record.ends[slot]));
      rows.push(`${field(0)}|${field(1)}`);
    });
    scanner.push(bytesOf('a,"\xff,",c\nd,e,f'));
    scanner.end();
    expect(rows).toEqual(['c|a', 'f|d']);
  });

  it('reads what a writer wrote, in chunks of any size', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r', '1'), maxLength: 6 });
    const table = fc.array(fc.tuple(field, field, field), { maxLength: 8 });
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        (rows, lineBreak, last, chunk) => {
          const text = rows.map((row) => row.map(quote).join(',')).join(lineBreak) + (last ? lineBreak : '');
          expect(scan(text, 3, chunk).rows).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('fails on a ragged row and says where', () => {
    expect(() => scan('a,b\n"x\ny",b\na,b,c\n', 2)).toThrow(malformed('ragged_row', 3));
    expect(() => scan('a,b\na\n', 2)).toThrow('has 1 fields where the header has 2');
  });

  it('fails on a file that was cut off in a row', () => {
    expect(() => scan('a,b,c\nd,e', 3)).toThrow(malformed('ragged_row', 1));
  });

  it('fails on a quote that is never closed, naming the row it began in', () => {
    expect(() => scan('a,b\nc,"d\ne,f\n', 2)).toThrow(malformed('unclosed_quote', 1));
  });

  it('fails on text after a closing quote', () => {
    expect(() => scan('a,"b"c\n', 2)).toThrow(malformed('text_after_quote', 0));
    expect(() => scan('a,"b"\rc\n', 2)).toThrow(malformed('text_after_quote', 0));
  });

  it.each(['a,\0\n', 'a,"\0"\n', '\0'])('fails on NUL bytes: %j', (text) => {
    expect(() => scan(text, 2)).toThrow(malformed('binary', 0));
  });

  it('fails on a row that does not end, instead of filling the memory', () => {
    const endless = `a,b\n"${'x'.repeat(MAX_RECORD_BYTES + 10)}`;
    expect(() => scan(endless, 2, 64 * 1024)).toThrow(malformed('record_too_long', 1));
    expect(() => scan(`${endless}",c\n`, 2)).toThrow(malformed('record_too_long', 1));
  });
});
