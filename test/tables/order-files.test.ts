import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip, gzipSync } from 'node:zlib';
import { Float64, Int64, Table, TimestampMillisecond, Utf8, vectorFromArray } from 'apache-arrow';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import type { RunPlan } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { buildFeatures } from '../../functions/handlers/build-features.ts';
import { mergeEntities } from '../../functions/handlers/merge-entities.ts';
import { planRun } from '../../functions/handlers/plan-run.ts';
import { readJson } from '../../functions/json-objects.ts';
import { readRowCounts } from '../../functions/row-counts.ts';
import { quietContext } from '../support/prepared-run.ts';
import { writeArrow } from '../support/table-writers.ts';

const FOLDER = new URL('../../../shared/data/online_retail/', import.meta.url);
const ALL = new URL('online_retail.csv.gz', FOLDER);
const SHEET = new URL('Online Retail first 10000 rows.xlsx', FOLDER);
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const ROWS = 10_000;

interface Line {
  readonly InvoiceNo: string;
  readonly Description: string;
  readonly Quantity: number;
  readonly InvoiceDate: Date;
  readonly UnitPrice: number;
  readonly CustomerID: number | null;
}

/** The same lines as every format's own types hold them. */
const lines: Line[] = [];
let csv = '';
const ports: MemoryPorts = memoryPorts();

/** The bytes of the entity table of one bucket, and the row counts. */
async function entities(name: string, content: Uint8Array | string, shards = 1) {
  const key = `files/acme/${name}`;
  await ports.objects.write(key, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  const request = runRequestSchema.parse({ files: [key], shards });
  const context = quietContext(ports);
  const trigger = { trigger: 'api', tenant: 'acme', dataset: 'retail', request } as const;
  const { run } = await planRun({ trigger }, context);
  const keys = runKeys(run!);
  const plan = await readJson<RunPlan>(ports.objects, keys.plan);
  for (const { shard } of plan.rowShards) await buildFeatures({ run: run!, item: shard }, context);
  // One bucket holds all customers, so that its bytes are those of the whole table.
  await mergeEntities({ run: run!, item: 0 }, context);
  return {
    plan,
    rows: await readRowCounts(ports.objects, plan),
    bytes: Buffer.from(await ports.objects.read(keys.entities(0))).toString('hex'),
  };
}

const local = (text: string) => text.replace('.', ',');
const twoDigits = (n: number) => String(n).padStart(2, '0');

/** The lines as German software exports them. */
const german = () => {
  const rows = lines.map(({ InvoiceNo, Description, Quantity, InvoiceDate: at, UnitPrice, CustomerID }) => {
    const date = `${twoDigits(at.getUTCDate())}.${twoDigits(at.getUTCMonth() + 1)}.${at.getUTCFullYear()} ${at.getUTCHours()}:${twoDigits(at.getUTCMinutes())}`;
    const price = UnitPrice.toLocaleString('de-DE', { maximumFractionDigits: 4 });
    return `${InvoiceNo};"Größe ${Description.replaceAll('"', '')}";${local(String(Quantity))};${date};${price};${CustomerID ?? ''}`;
  });
  return `InvoiceNo;Description;Quantity;InvoiceDate;UnitPrice;CustomerID\r\n${rows.join('\r\n')}\r\n`;
};

const arrowTable = () =>
  new Table({
    InvoiceNo: vectorFromArray(
      lines.map(({ InvoiceNo }) => InvoiceNo),
      new Utf8(),
    ),
    Country: vectorFromArray(lines.map(({ InvoiceNo }) => InvoiceNo.slice(0, 2))),
    Quantity: vectorFromArray(
      lines.map(({ Quantity }) => BigInt(Quantity)),
      new Int64(),
    ),
    InvoiceDate: vectorFromArray(
      lines.map(({ InvoiceDate }) => InvoiceDate),
      new TimestampMillisecond(),
    ),
    UnitPrice: vectorFromArray(
      lines.map(({ UnitPrice }) => UnitPrice),
      new Float64(),
    ),
    CustomerID: vectorFromArray(
      lines.map(({ CustomerID }) => CustomerID),
      new Float64(),
    ),
  });

const parquet = (rowGroupSize: number) => {
  const column = <K extends keyof Line>(name: K) => lines.map((line) => line[name]);
  return new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize,
      columnData: [
        { name: 'InvoiceNo', data: column('InvoiceNo'), type: 'STRING' },
        { name: 'Quantity', data: column('Quantity').map(BigInt), type: 'INT64' },
        { name: 'InvoiceDate', data: column('InvoiceDate'), type: 'TIMESTAMP' },
        { name: 'UnitPrice', data: column('UnitPrice'), type: 'DOUBLE' },
        { name: 'CustomerID', data: column('CustomerID'), type: 'DOUBLE', nullable: true },
      ],
    }),
  );
};

const jsonLines = () => lines.map((line) => JSON.stringify(line)).join('\n');

describe.skipIf(!existsSync(ALL) || !existsSync(SHEET))('the first 10,000 lines of Online Retail', () => {
  let expected: Awaited<ReturnType<typeof entities>>;

  beforeAll(async () => {
    const source = createInterface({ input: createReadStream(ALL).pipe(createGunzip()) });
    const texts: string[] = [];
    for await (const text of source) {
      if (texts.push(text) > ROWS) break;
    }
    csv = texts.join('\n');
    for (const text of texts.slice(1)) {
      const fields = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted ?? plain!,
      );
      lines.push({
        InvoiceNo: fields[0]!,
        Description: fields[2]!,
        Quantity: Number(fields[3]),
        InvoiceDate: new Date(`${fields[4]!.replace(' ', 'T')}Z`),
        UnitPrice: Number(fields[5]),
        CustomerID: fields[6] === '' ? null : Number(fields[6]),
      });
    }
    expected = await entities('plain.csv', csv);
  });

  it('are read at all', () => {
    expect(csv.startsWith(HEADER)).toBe(true);
    expect(expected.rows).toMatchObject({ read: ROWS });
    expect(expected.rows.used).toBeGreaterThan(6000);
  });

  const formats: [string, () => Uint8Array | string, string][] = [
    ['orders.csv.gz', () => gzipSync(csv), 'csv'],
    ['orders.tsv', () => csv.replaceAll(/"[^"\n]*"|,/g, (part) => (part === ',' ? '\t' : part)), 'csv'],
    ['german-utf8.csv', () => german(), 'csv'],
    ['german-latin1.csv', () => Buffer.from(german(), 'latin1'), 'csv'],
    ['german-utf16.csv', () => Buffer.from(`\ufeff${german()}`, 'utf16le'), 'csv'],
    ['german-utf16be.csv', () => Buffer.from(`\ufeff${german()}`, 'utf16le').swap16(), 'csv'],
    ['orders.jsonl', jsonLines, 'jsonl'],
    ['orders.jsonl.gz', () => gzipSync(jsonLines()), 'jsonl'],
    ['orders.parquet', () => parquet(3000), 'parquet'],
    ['orders.arrow', () => writeArrow(arrowTable(), 'file'), 'arrow'],
    ['lz4.feather', () => writeArrow(arrowTable(), 'file', 'lz4'), 'arrow'],
    ['zstd.feather', () => writeArrow(arrowTable(), 'file', 'zstd'), 'arrow'],
    ['orders.arrows', () => writeArrow(arrowTable(), 'stream', 'zstd'), 'arrow-stream'],
    ['orders.xlsx', () => new Uint8Array(readFileSync(SHEET)), 'xlsx'],
  ];

  it.each(formats)('give the same customers, byte by byte, as %s', async (name, content, format) => {
    const { plan, rows, bytes } = await entities(name, content());
    expect(plan.files[0]!.layout.format).toBe(format);
    expect(rows).toEqual(expected.rows);
    expect(bytes).toBe(expected.bytes);
  });
});
