import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Dictionary, Int32, Table, tableFromIPC, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  arrowFileChunks,
  decodeArrow,
  encodeArrowBatch,
  encodeArrowFile,
  ROWS_PER_BATCH,
} from '../../functions/arrow/ipc.ts';
import { joinBytes } from '../../functions/arrow/join-bytes.ts';
import { decodeUtf8Column, encodeUtf8Column } from '../../functions/arrow/utf8.ts';
import { scratchFolder } from '../support/run-command.ts';

const { path } = scratchFolder();
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import pyarrow']).status === 0,
);

const columns = {
  id: ['a', 'b', 'c', 'd'],
  plan: { codes: Int32Array.of(1, -1, 0, 1), dictionary: ['free', 'größer'] },
  products: {
    listOffsets: Int32Array.of(0, 2, 2, 2, 3),
    texts: encodeUtf8Column(['shoes', 'mate, yerba', 'té']),
    nulls: Uint8Array.of(0, 0, 1, 0),
  },
};
const shown = {
  id: ['a', 'b', 'c', 'd'],
  plan: ['größer', null, 'free', 'größer'],
  products: [['shoes', 'mate, yerba'], [], null, ['té']],
};
const byLibrary = (bytes: Uint8Array) => {
  const table = tableFromIPC(bytes);
  const values = (name: string) =>
    Array.from(table.getChild(name)!, (value) => (value?.toArray ? Array.from(value) : value));
  return Object.fromEntries(table.schema.fields.map(({ name }) => [name, values(name)]));
};

/** Rows of two batches, and one more. */
const nRows = 2 * ROWS_PER_BATCH + 1;
const many = {
  plan: {
    codes: Int32Array.from({ length: nRows }, (_, i) => (i % 4) - 1),
    dictionary: ['x', 'y', 'z'],
  },
  products: {
    listOffsets: Int32Array.from({ length: nRows + 1 }, (_, i) => 2 * i),
    texts: encodeUtf8Column(Array.from({ length: 2 * nRows }, (_, i) => `p${i % 7}`)),
  },
};

describe('columns of texts by dictionary and of lists', () => {
  it('are read alike by the Arrow library', () => {
    expect(byLibrary(encodeArrowFile(columns))).toEqual(shown);
  });

  it.skipIf(PYTHON === undefined)('are read alike by pyarrow and pandas, also without a row', () => {
    const none = {
      id: [],
      plan: { codes: new Int32Array(), dictionary: [] },
      products: { listOffsets: new Int32Array(1), texts: encodeUtf8Column([]) },
    };
    writeFileSync(path('some.arrow'), encodeArrowFile(columns));
    writeFileSync(path('none.arrow'), encodeArrowFile(none));
    const script = `
import json, sys
import pandas as pd, pyarrow.feather as feather
for name in sys.argv[1:]:
    table = feather.read_table(name)
    table.validate(full=True)
    pd.read_feather(name)
    print(json.dumps({"types": [str(field.type) for field in table.schema], "rows": table.to_pydict()}))`;
    const output = execFileSync(PYTHON!, ['-c', script, path('some.arrow'), path('none.arrow')], {
      encoding: 'utf8',
    });
    const types = [
      'string',
      'dictionary<values=string, indices=int32, ordered=0>',
      'list<item: string not null>',
    ];
    const [some, empty] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(some).toEqual({ types, rows: shown });
    expect(empty).toEqual({ types, rows: { id: [], plan: [], products: [] } });
  });

  it('come back as they were, in one batch or in several, and in part', () => {
    const inOneBatch = (table: typeof many) => joinBytes(encodeArrowBatch(table));
    for (const encode of [encodeArrowFile, inOneBatch]) {
      const decoded = decodeArrow(encode(many));
      expect(decoded.dictionary('plan')).toEqual(many.plan);
      const { listOffsets, texts, nulls } = decoded.lists('products');
      expect([listOffsets, nulls]).toEqual([many.products.listOffsets, new Uint8Array(nRows)]);
      expect(decodeUtf8Column(texts, 2 * nRows)).toEqual(decodeUtf8Column(many.products.texts, 2 * nRows));
    }
    expect(decodeArrow(encodeArrowFile(columns)).lists('products').nulls).toEqual(columns.products.nulls);
    const head = decodeArrow(encodeArrowFile(many), ROWS_PER_BATCH + 2);
    expect(head.dictionary('plan').codes).toEqual(many.plan.codes.slice(0, ROWS_PER_BATCH + 2));
    expect(head.lists('products').texts.offsets.length).toBe(2 * (ROWS_PER_BATCH + 2) + 1);
  });

  it('give the same bytes whatever was encoded before them in the process', () => {
    const before = encodeArrowFile(columns);
    encodeArrowFile(many);
    expect(encodeArrowFile(columns)).toEqual(before);
  });

  it('fails to stream a dictionary, since that of the next piece may be another', async () => {
    async function* pieces() {
      yield { plan: columns.plan };
    }
    const all = async () => {
      for await (const _ of arrowFileChunks(pieces()));
    };
    await expect(all()).rejects.toThrow('without a dictionary');
  });

  it('fails with a typed error for codes that have no text', () => {
    const bytes = encodeArrowFile({ plan: { codes: Int32Array.of(0, 2), dictionary: ['x', 'y'] } });
    expect(() => decodeArrow(bytes).dictionary('plan')).toThrow(
      expect.objectContaining({
        name: 'InvalidDatasetError',
        context: { reason: 'corrupt_arrow', column: 'plan' },
      }),
    );
  });

  it('fails with a typed error for lists beyond their texts', () => {
    const bytes = encodeArrowFile({
      products: { listOffsets: Int32Array.of(0, 1, 2), texts: encodeUtf8Column(['x', 'y']) },
    });
    const at = Buffer.from(bytes).indexOf(Buffer.from(Int32Array.of(0, 1, 2).buffer));
    bytes[at + 8] = 9;
    expect(() => decodeArrow(bytes).lists('products')).toThrow(
      expect.objectContaining({ context: { reason: 'corrupt_arrow', column: 'products' } }),
    );
  });

  it('reads nulls of another writer, whatever code lies behind them', () => {
    const vector = vectorFromArray(['x', null, 'y'], new Dictionary(new Utf8(), new Int32()));
    const bytes = tableToIPC(new Table({ plan: vector }), 'file');
    expect(Array.from(decodeArrow(bytes).dictionary('plan').codes)).toEqual([0, -1, 1]);
  });
});
