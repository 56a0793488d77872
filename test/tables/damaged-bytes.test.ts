import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import {
  Bool,
  Decimal,
  Field,
  Float64,
  Int32,
  List,
  Table,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { writeXlsx } from 'hucre/xlsx';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { Random } from '../../functions/stats/random.ts';
import type { Outcome } from '../support/read-mutant.ts';
import { writeArrow } from '../support/table-writers.ts';

/** What one damaged table of a few kilobytes may take, on a busy machine. */
const DEADLINE_MS = 10_000;
const MAX_GROWTH = 512 * 1024 * 1024;

const names = ['Ann', null, 'Bob', 'Ann', 'Ännchen', '', 'Bob'];
const table = () =>
  new Table({
    text: vectorFromArray(names, new Utf8()),
    category: vectorFromArray(names),
    int: vectorFromArray([1, 2, null, 4, 5, 6, 7], new Int32()),
    float: vectorFromArray([1.5, null, 3, 4, 5, 6, 7], new Float64()),
    decimal: vectorFromArray(
      Array.from({ length: 7 }, (_, i) => Uint32Array.of(i, 0, 0, 0)),
      new Decimal(2, 10, 128),
    ),
    at: vectorFromArray(
      [new Date(0), null, ...new Array<Date>(5).fill(new Date(1e12))],
      new TimestampMillisecond(),
    ),
    flag: vectorFromArray([true, null, false, true, true, false, true], new Bool()),
    list: vectorFromArray(
      [['a'], [], null, ['b', 'c'], ['d'], [], ['e']],
      new List(new Field('item', new Utf8(), true)),
    ),
  });

const parquet = (codec: 'SNAPPY' | 'UNCOMPRESSED') =>
  new Uint8Array(
    parquetWriteBuffer({
      codec,
      rowGroupSize: 4,
      columnData: [
        { name: 'text', data: names, type: 'STRING' },
        { name: 'same', data: new Array<string>(7).fill('same'), type: 'STRING' },
        { name: 'float', data: [1.5, null, 3, 4, 5, 6, 7], type: 'DOUBLE' },
        { name: 'whole', data: [1, 2, 3, 4, 5, 6, 7], type: 'INT32', encoding: 'DELTA_BINARY_PACKED' },
        { name: 'long', data: [1n, 2n, 3n, 4n, 5n, 6n, 7n], type: 'INT64' },
        { name: 'at', data: names.map(() => new Date(1e12)), type: 'TIMESTAMP' },
        { name: 'flag', data: [true, null, false, true, true, false, true], type: 'BOOLEAN' },
      ],
    }),
  );

const csv = `id,name,at\n${Array.from({ length: 200 }, (_, i) => `${i},"n ${i % 7}",2024-01-0${1 + (i % 9)}`).join('\n')}\n`;

const FILES: readonly (readonly [file: string, bytes: () => Uint8Array | Promise<Uint8Array>])[] = [
  ['plain.parquet', () => parquet('UNCOMPRESSED')],
  ['snappy.parquet', () => parquet('SNAPPY')],
  ['plain.arrow', () => writeArrow(table(), 'file')],
  ['lz4.feather', () => writeArrow(table(), 'file', 'lz4')],
  ['zstd.feather', () => writeArrow(table(), 'file', 'zstd')],
  ['plain.arrows', () => writeArrow(table(), 'stream')],
  ['lz4.arrows', () => writeArrow(table(), 'stream', 'lz4')],
  ['table.csv.gz', () => gzipSync(csv)],
  [
    'table.jsonl.gz',
    () => gzipSync(Array.from({ length: 99 }, (_, i) => JSON.stringify({ i, t: 'x' })).join('\n')),
  ],
  [
    'table.xlsx',
    async () =>
      new Uint8Array(
        await writeXlsx({
          sheets: [
            {
              name: 'One',
              rows: [['id', 'name', 'at'], ...names.map((name, i) => [i, name, new Date(1e12)])],
            },
          ],
        }),
      ),
  ],
];

/** One damaged copy: a flipped bit, a byte of the kinds that lengths are made of, or several of both. */
function mutant(bytes: Uint8Array, random: Random, n: number): Uint8Array {
  const damaged = bytes.slice();
  const nBytes = n % 4 === 3 ? 1 + random.integer(8) : 1;
  for (let i = 0; i < nBytes; i++) {
    const at = random.integer(damaged.length);
    const extremes = [0, 0x7f, 0x80, 0xff];
    damaged[at] =
      n % 4 === 2
        ? extremes[random.integer(4)]!
        : damaged[at]! ^ (n % 4 === 1 ? 255 : 1 << random.integer(8));
  }
  return damaged;
}

/** Reads tables one by one in a thread of their own, which is ended when one takes too long. */
class Reader {
  #worker = this.#start();

  #start() {
    return new Worker(new URL('../support/read-mutant.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
  }

  async read(file: string, bytes: Uint8Array): Promise<Outcome> {
    const worker = this.#worker;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Outcome>((resolve) => {
        timer = setTimeout(() => {
          void this.close();
          this.#worker = this.#start();
          resolve({ kind: 'untyped', text: `no answer in ${DEADLINE_MS} ms` });
        }, DEADLINE_MS);
        worker.once('message', resolve);
        worker.once('error', (error) => {
          this.#worker = this.#start();
          resolve({ kind: 'untyped', text: String(error) });
        });
        worker.postMessage({ file, bytes });
      });
    } finally {
      clearTimeout(timer);
      worker.removeAllListeners('message');
      worker.removeAllListeners('error');
    }
  }

  async close() {
    await this.#worker.terminate();
  }
}

const N = Number(process.env.MUTANTS ?? 240);

describe('tables with damaged bytes', () => {
  it.each(FILES)(
    'fails with a typed error or reads, quickly and in little memory: %s',
    async (file, make) => {
      const bytes = await make();
      const random = new Random(20240229);
      const reader = new Reader();
      const wrong: string[] = [];
      const seen = { read: 0, typed: 0, untyped: 0 };
      try {
        expect(await reader.read(file, bytes)).toMatchObject({ kind: 'read' });
        const before = process.memoryUsage.rss();
        for (let n = 0; n < N; n++) {
          const damaged = mutant(bytes, random, n);
          const { kind, text } = await reader.read(file, damaged);
          seen[kind]++;
          if (kind === 'untyped') wrong.push(`mutant ${n}: ${text}`);
          const growth = process.memoryUsage.rss() - before;
          if (growth > MAX_GROWTH) {
            wrong.push(`mutant ${n}: ${Math.round(growth / 2 ** 20)} MB more, ${kind} ${text}`);
            break;
          }
        }
      } finally {
        await reader.close();
      }
      expect(wrong).toEqual([]);
      // The damage is found where it can be: formats without any check of content would read all.
      expect(seen.typed).toBeGreaterThan(0);
    },
    600_000,
  );
});
