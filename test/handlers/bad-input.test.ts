import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CompressionType, Float64, Table, Utf8, vectorFromArray } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { FittedRecipe } from '../../functions/contracts/recipe.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { readJson } from '../../functions/json-objects.ts';
import { readArrowParts } from '../../functions/tables/arrow-file.ts';
import { memorySource } from '../../functions/tables/table-source.ts';
import { madeUpOrders, ordersCsv } from '../support/orders-csv.ts';
import type { OversizedRun } from '../support/oversized-run.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { writeArrow } from '../support/table-writers.ts';

const MB = 1024 * 1024;
const rows = Array.from({ length: 60 }, (_, i) => `c${i},${i % 7},${(i * 13) % 11}`);
const csv = `id,visits,spend\n${rows.join('\n')}\n`;
const numbers = rows.map((_, i) => i % 7);
const arrow = (codec?: 'lz4' | 'zstd') =>
  writeArrow(
    new Table({ id: vectorFromArray(rows, new Utf8()), x: vectorFromArray(numbers, new Float64()) }),
    'file',
    codec,
  );
const parquet = (codec?: 'LZO') =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: rows, type: 'STRING' },
        { name: 'x', data: numbers, type: 'DOUBLE' },
      ],
      ...(codec && { codec, compressors: { [codec]: (bytes: Uint8Array) => bytes } }),
    }),
  );

/** A dataset that is served already, beside which bad files come. */
let ports: MemoryPorts;
let served: unknown;
beforeAll(async () => {
  ports = memoryPorts();
  await ports.objects.write('files/acme/shop/good.csv', ordersCsv(madeUpOrders(60)));
  const request = runRequestSchema.parse({ files: ['files/acme/shop/good.csv'], nClusters: 3 });
  const { error } = await runWorkflow(ports, { trigger: 'api', tenant: 'acme', dataset: 'shop', request });
  expect(error).toBeUndefined();
  served = await ports.runs.dataset('acme', 'shop');
  expect(served).toBeDefined();
});

const emptyHanded = { segments: [], labels: 0, artifacts: [] };

/** Runs the workflow on one file for the served dataset, and says what it left behind. */
async function runOn(name: string, content: string | Uint8Array) {
  const key = `files/acme/shop/${name}`;
  await ports.objects.write(key, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  const request = runRequestSchema.parse({ files: [key], nClusters: 3, recipe: 'table' });
  const executionId = `execution-${name}`;
  const trigger = { trigger: 'api', tenant: 'acme', dataset: 'shop', request } as const;
  const { error } = await runWorkflow(ports, trigger, { executionId });
  const { items } = await ports.runs.list('acme', { limit: 100 });
  const record = items.find((run) => run.executionId === executionId)!;
  const { root } = runKeys(record);
  const left = {
    segments: await ports.segments.segments('acme', 'shop', record.runId),
    labels: ports.contents.labels.get(`acme/shop/${record.runId}`)?.size ?? 0,
    artifacts: [...ports.contents.objects.keys()].filter((each) => each.startsWith(`${root}artifacts`)),
  };
  return { key, error, record, left };
}

const junk = Uint8Array.from({ length: 5000 }, (_, i) => (i * 167 + (i >> 3)) & 255);
/** A file whose first bytes of data are gone, while its end is whole. */
const holed = (bytes: Uint8Array) => bytes.slice().fill(0xff, 4, 60);
const half = (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2);

/** A zip archive whose directory announces a gigabyte. */
function announcingArchive(): Uint8Array {
  const head = new TextEncoder().encode('PK\x03\x04'.padEnd(MB, '-'));
  const entry = new DataView(new ArrayBuffer(46));
  entry.setUint32(0, 0x02014b50, true);
  entry.setUint32(24, 1_000_000_000, true);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint32(16, head.length, true);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(entry.buffer), new Uint8Array(end.buffer)]));
}

/** An Arrow file whose batch names a codec that the format does not define. */
async function unknownArrowCodec(): Promise<Uint8Array> {
  const bytes = arrow('zstd');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { batches } = await readArrowParts(memorySource('codec.arrow', bytes));
  // A mark and the length come before the metadata.
  const start = batches[0]![0] + 8;
  const metadata = bytes.subarray(start, start + view.getInt32(start - 4, true));
  for (let i = 0; i < metadata.length; i++) {
    if (metadata[i] !== CompressionType.ZSTD) continue;
    metadata[i] = 7;
    if (codecOf(metadata) === 7) return bytes;
    metadata[i] = CompressionType.ZSTD;
  }
  throw new Error('the codec was not found');
}

function codecOf(metadata: Uint8Array): number | undefined {
  try {
    const header = Message.decode(metadata).header();
    return 'compression' in header ? header.compression?.type : undefined;
  } catch {
    return undefined;
  }
}

describe('a run on a file that cannot be read', () => {
  const files: [string, () => string | Uint8Array | Promise<Uint8Array>, string, string][] = [
    ['empty.csv', () => '', 'InvalidDatasetError', 'empty_file'],
    ['empty.arrow', () => '', 'InvalidDatasetError', 'empty_file'],
    ['header.csv', () => 'id,visits,spend\n', 'InsufficientDataError', 'no_rows'],
    ['ragged.csv', () => `${csv}${'c,1\n'.repeat(60)}`, 'InvalidDatasetError', 'ragged_row'],
    ['open-quote.csv', () => `${csv}"x,1,2\n`, 'InvalidDatasetError', 'unclosed_quote'],
    ['junk.csv', () => junk, 'InvalidDatasetError', 'binary'],
    ['cut.parquet', () => half(parquet()), 'InvalidDatasetError', 'corrupt_parquet'],
    ['holed.parquet', () => holed(parquet()), 'InvalidDatasetError', 'corrupt_parquet'],
    ['cut.arrow', () => half(arrow()), 'InvalidDatasetError', 'corrupt_arrow'],
    ['cut.csv.gz', () => half(gzipSync(csv)), 'InvalidDatasetError', 'truncated_gzip'],
    ['lzo.parquet', () => parquet('LZO'), 'InvalidDatasetError', 'unknown_codec'],
    ['codec.arrow', unknownArrowCodec, 'InvalidDatasetError', 'unknown_codec'],
    ['nul.csv.gz', () => gzipSync(new Uint8Array(100 * MB)), 'InvalidDatasetError', 'binary'],
    ['field.csv.gz', () => gzipSync(csv + 'a'.repeat(100 * MB)), 'InvalidDatasetError', 'record_too_long'],
    ['bomb.xlsx', announcingArchive, 'InvalidDatasetError', 'zip_bomb'],
  ];
  it.each(files)(
    'fails with file and reason, and serves on what was served: %s',
    async (name, content, title, reason) => {
      const { key, error, record, left } = await runOn(name, await content());
      expect(error?.name).toBe(title);
      expect(record).toMatchObject({ status: 'failed', problem: { title, file: key, reason, status: 422 } });
      expect(left).toEqual(emptyHanded);
      expect(await ports.runs.dataset('acme', 'shop')).toEqual(served);
    },
  );
});

describe('a run on rows that cannot be read', () => {
  it('leaves out a few ragged rows, and reports them', async () => {
    const { error, record } = await runOn('few.csv', `${csv}c60,1\nc61,1,2,3\n`);
    expect(error).toBeUndefined();
    expect(record.rows).toEqual({ read: 62, used: 60, rejected: 2, byRule: { ragged_row: 2 } });
    expect(record.nEntities).toBe(60);
  });

  it('takes bytes that are no UTF-8 among the first for Windows-1252', async () => {
    const bytes = Buffer.from(`${csv}caf\xe9,1,2\n`, 'latin1');
    const { error, record } = await runOn('latin.csv', bytes);
    expect(error).toBeUndefined();
    expect(record.rows).toMatchObject({ read: 61, rejected: 0 });
    expect(await ports.labels.label('acme', 'shop', 'café', [record.runId])).toBeDefined();
  });

  it('leaves out ids that turn out to be no UTF-8 far into the file, rather than take two for one', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => `c${i},${i % 7},${i % 11}`).join('\n');
    const bytes = Buffer.from(`id,visits,spend\n${many}\ncaf\xe9,1,2\ncaf\xe8,3,4\n`, 'latin1');
    expect(bytes.length).toBeGreaterThan(400_000);
    const { error, record } = await runOn('late.csv', bytes);
    expect(error).toBeUndefined();
    expect(record.rows).toMatchObject({ read: 40_002, used: 40_000, rejected: 2 });
    expect(record.nEntities).toBe(40_000);
  });

  it('tells columns of one name apart', async () => {
    const { error, record } = await runOn('twice.csv', csv.replace('visits', 'spend'));
    expect(error).toBeUndefined();
    const { recipe } = runKeys(record);
    const { features } = await readJson<FittedRecipe>(ports.objects, recipe);
    const sources = features.map(({ source }) => source);
    expect(new Set(sources).size).toBe(sources.length);
    expect(sources.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a run on an oversized file', () => {
  const MEMORY_MB = 1024;

  /** Runs the workflow in a process of its own, whose memory can be told. */
  function oversized(name: string): OversizedRun {
    const script = fileURLToPath(new URL('../support/oversized-run.ts', import.meta.url));
    const child = spawnSync(process.execPath, ['--max-old-space-size=768', script, name], {
      encoding: 'utf8',
    });
    expect(child.status, child.stderr).toBe(0);
    return JSON.parse(child.stdout);
  }
  const nothing = { isServed: false, nSegments: 0, nLabels: 0, status: 'failed' };

  it('fails on a field of 100 MB, within the memory of a Lambda function', () => {
    const run = oversized('field');
    expect(run.bytes).toBeGreaterThan(100_000_000);
    expect(run).toMatchObject({
      ...nothing,
      problem: { reason: 'record_too_long', file: 'files/acme/shop/field.csv', line: 200_002 },
    });
    expect(run.peakMb).toBeLessThan(MEMORY_MB);
  }, 120_000);

  it('may have 10,000 columns, within the memory of a Lambda function', () => {
    const run = oversized('columns');
    expect(run).toMatchObject({ status: 'succeeded', isServed: true, nSegments: 2, nLabels: 300 });
    expect(run.peakMb).toBeLessThan(MEMORY_MB);
  }, 240_000);

  it('fails on a gzip file of 1,000:1 once it is more than a worker holds, within its memory', () => {
    const run = oversized('bomb');
    expect(run.bytes).toBeLessThan(400_000);
    expect(run).toMatchObject({
      ...nothing,
      problem: { reason: 'shard_too_large', file: 'files/acme/shop/bomb.csv.gz' },
    });
    expect(run.peakMb).toBeLessThan(MEMORY_MB);
  }, 120_000);
});
