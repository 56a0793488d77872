import { describe, expect, it } from 'vitest';
import { HEADER_SAMPLE_BYTES, readCsvHeader } from '../../functions/tables/csv-header.ts';
import { recogniseOrderColumns } from '../../functions/tables/order-columns.ts';

const read = (text: string, isWhole = false) =>
  readCsvHeader(new TextEncoder().encode(text), isWhole, 'f.csv');
const failure = (name: string, reason: string) =>
  expect.objectContaining({ name, context: expect.objectContaining({ file: 'f.csv', reason }) });

describe('the header record', () => {
  it.each([
    ['a,b,c\n1,2,3\n', ',', 6],
    ['a;b,x;c\r\n', ';', 9],
    ['a\tb\n', '\t', 4],
    ['a|b\n', '|', 4],
    ['single\n', ',', 7],
  ])('tells the delimiter of %j', (text, delimiter, end) => {
    expect(read(text)).toMatchObject({ delimiter, end });
  });

  it('keeps a first column without a name, whatever the delimiter', () => {
    for (const delimiter of [',', ';', '\t', '|']) {
      const { header } = read(`${['', 'x', 'y'].join(delimiter)}\r\n`);
      expect(header, delimiter).toEqual(['', 'x', 'y']);
    }
  });

  it('leaves out a byte order mark, quotes and blanks', () => {
    expect(read('\ufeff"Customer, ID" , "say ""x""","two\nlines"\n')).toEqual({
      delimiter: ',',
      header: ['Customer, ID', 'say "x"', 'two\nlines'],
      end: 44,
    });
  });

  it.each(['', '\ufeff', '\n \r\n'])('fails on the empty file %j', (text) => {
    expect(() => read(text, true)).toThrow(failure('InvalidDatasetError', 'empty_file'));
  });

  it.each(['a,b', 'a,b\n', 'a,b\r\n\n  \n'])('fails on %j, which has a header only', (text) => {
    expect(() => read(text, true)).toThrow(failure('InsufficientDataError', 'no_rows'));
  });

  it('fails on binary data', () => {
    expect(() => read('PK\x03\x04\0\0')).toThrow(failure('InvalidDatasetError', 'binary'));
  });

  it('fails on a header in another encoding', () => {
    const latin1 = Uint8Array.from([0x61, 0x2c, 0xe9, 0x0a]);
    expect(() => readCsvHeader(latin1, false, 'f.csv')).toThrow(
      failure('InvalidDatasetError', 'invalid_utf8'),
    );
  });

  it('fails on a first line that does not end', () => {
    expect(() => read('"'.padEnd(HEADER_SAMPLE_BYTES, 'a\n'))).toThrow(
      failure('InvalidDatasetError', 'header_too_long'),
    );
  });
});

describe('the columns of an order line', () => {
  const online = [
    'InvoiceNo',
    'StockCode',
    'Description',
    'Quantity',
    'InvoiceDate',
    'UnitPrice',
    'CustomerID',
    'Country',
  ];
  const recognise = (header: readonly string[], asked = {}) => recogniseOrderColumns(header, asked, 'f.csv');

  it('are recognised in Online Retail', () => {
    expect(recognise(online)).toEqual({
      customerId: 'CustomerID',
      orderId: 'InvoiceNo',
      orderedAt: 'InvoiceDate',
      quantity: 'Quantity',
      unitPrice: 'UnitPrice',
    });
  });

  it.each([
    [['order_id', 'customer_id', 'order_date', 'quantity', 'unit_price']],
    [['Order ID', 'Customer ID', 'Order-Date', 'QTY', 'Price']],
    [['TRANSACTION.ID', 'user id', 'timestamp', 'Units', 'item_price']],
  ])('are recognised by the synonyms %j', (header) => {
    expect(Object.values(recognise(header)).sort()).toEqual([...header].sort());
  });

  it('take the better name where two fit', () => {
    expect(recognise(['date', ...online])).toMatchObject({ orderedAt: 'InvoiceDate' });
  });

  it('are the ones that the request names', () => {
    const header = ['who', 'Invoice', 'when', 'Quantity', 'Price', 'customer_id'];
    expect(recognise(header, { customerId: 'who', orderedAt: 'WHEN' })).toMatchObject({
      customerId: 'who',
      orderedAt: 'when',
    });
  });

  it('fails on a missing column, naming what was found and what is recognised', () => {
    expect(() => recognise(['InvoiceNo', 'Quantity', 'UnitPrice', 'when', 'who'])).toThrow(
      /customerId \(one of customer_id, .*orderedAt \(one of .*Found: "InvoiceNo", "Quantity", "UnitPrice", "when", "who"/,
    );
  });

  it('fails on a name in the request that the header lacks, though a synonym would fit', () => {
    expect(() => recognise(online, { customerId: 'Client' })).toThrow('customerId ("Client")');
  });

  it('fails on a column that is there twice', () => {
    expect(() => recognise([...online, 'customer_id'])).toThrow(
      failure('InvalidDatasetError', 'duplicate_column'),
    );
    expect(() => recognise([...online, 'Quantity'], { quantity: 'Quantity' })).toThrow(
      '"Quantity", "Quantity"',
    );
    expect(recognise([...online, 'customer_id'], { customerId: 'customer_id' }).customerId).toBe(
      'customer_id',
    );
  });

  it('fails when one column is asked for twice', () => {
    expect(() => recognise(online, { customerId: 'InvoiceNo' })).toThrow('customerId and as orderId');
  });

  it('ignores other columns that are there twice', () => {
    expect(recognise([...online, 'Country']).quantity).toBe('Quantity');
  });
});
