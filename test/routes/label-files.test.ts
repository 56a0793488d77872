import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryObjects } from '../../functions/adapters/memory-objects.ts';
import { encodeArrowFile } from '../../functions/arrow/ipc.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import { writeJson } from '../../functions/json-objects.ts';
import { csvLabels, parquetLabels } from '../../functions/label-files.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openApi } from './api-fixture.ts';

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const run = { tenant: 'acme', dataset: 'orders', runId: 'r1' };

/** An object store with the labels of `ids`, in two buckets; the segment of cluster c is 10 − c. */
async function labelled(ids: readonly string[]) {
  const objects = memoryObjects();
  const keys = runKeys(run);
  await writeJson(objects, keys.plan, { nBuckets: 2 });
  await writeJson(objects, keys.artifact('model.json'), { segmentIds: [10, 9, 8] });
  const cut = Math.floor(ids.length / 3);
  for (const [bucket, part] of [ids.slice(0, cut), ids.slice(cut)].entries()) {
    const first = bucket === 0 ? 0 : cut;
    const table = {
      customer_id: part,
      cluster: Int32Array.from(part, (_, row) => (first + row) % 3),
      distance: Float64Array.from(part, (_, row) => (first + row) / 3),
      confidence: Float64Array.from(part, () => 0.5),
    };
    await objects.write(keys.labels(bucket), encodeArrowFile(table));
  }
  return objects;
}

const parquetRows = async (chunks: AsyncIterable<Uint8Array>) => {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const { buffer, byteOffset, length } = new Uint8Array(Buffer.concat(parts));
  return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + length), compressors });
};

describe('GET /v1/runs/{runId}/labels', () => {
  const api = openApi();
  let runId = '';
  beforeAll(async () => {
    const leads = madeUpLeads(300);
    await api.call({
      method: 'PUT',
      path: '/v1/datasets/leads',
      body: {
        kind: 'leads',
        idColumn: 'lead_id',
        timeColumn: 'created_at',
        minDataPoints: 100,
        nClusters: 3,
      },
    });
    await api.ports.objects.write('drop/acme/leads/a.csv', Buffer.from(leadsCsv(leads)));
    const { plan } = await runWorkflow(api.ports, { trigger: 'drop', key: 'drop/acme/leads/a.csv' });
    runId = plan!.run!.runId;
  });
  const get = async (query: Record<string, string>) => {
    const { json } = await api.call({ path: `/v1/runs/${runId}/labels`, query });
    const [, key = ''] = /^memory:\/\/([^?]+)/.exec(json.url) ?? [];
    return { json, bytes: api.ports.contents.objects.get(key)! };
  };

  it('gives the same labels as CSV, Arrow and Parquet, those that the API serves', async () => {
    const [csv, arrow, parquet] = await Promise.all(
      ['csv', 'arrow', 'parquet'].map((format) => get({ format })),
    );
    expect(csv!.json).toMatchObject({
      rows: 300,
      dataset: 'leads',
      bytes: csv!.bytes.length,
      fileName: `leads-labels-${runId}.csv`,
    });
    const rows = tableFromIPC(arrow!.bytes)
      .toArray()
      .map((row) => row.toJSON());
    expect(rows).toHaveLength(300);
    const lines = Buffer.from(csv!.bytes).toString().trimEnd().split('\r\n');
    expect(lines[0]).toBe('customer_id,segment_id,distance,confidence');
    expect(lines.slice(1)).toEqual(rows.map((row) => Object.values(row).join(',')));
    async function* whole() {
      yield parquet!.bytes;
    }
    expect(await parquetRows(whole())).toEqual(rows);
    const { json } = await api.call({
      path: `/v1/customers/${rows[7]!.customer_id}/segment`,
      query: { dataset: 'leads' },
    });
    expect(json.segment_id).toBe(rows[7]!.segment_id);
  });

  it('is written once, and given out again', async () => {
    const { json, bytes } = await get({ format: 'parquet' });
    const again = await get({ format: 'parquet' });
    expect(again.bytes).toBe(bytes);
    expect(again.json).toEqual(json);
  });

  it('fails for a run that is unknown, another tenant’s or has not succeeded, and an unknown format', async () => {
    const path = `/v1/runs/${runId}/labels`;
    expect((await api.call({ path, tenant: 'other' })).statusCode).toBe(404);
    expect((await api.call({ path, query: { format: 'xlsx' } })).json.errors[0].pointer).toBe('/format');
    await api.ports.runs.update('acme', runId, { nEntities: 3_000_001 });
    const tooMany = await api.call({ path, query: { formulas: 'escape' } });
    expect(tooMany.json).toMatchObject({ status: 422, reason: 'too_many_labels', limit: 3_000_000 });
    await api.ports.runs.update('acme', runId, { status: 'running', artifacts: [] });
    expect((await api.call({ path })).json).toMatchObject({ status: 409, reason: 'no_labels' });
  });
});

describe('files of labels', () => {
  it('quote what CSV needs quoted, and disarm formulas where asked to', async () => {
    const ids = ['a', 'b,c', 'say "x"', 'two\nlines', '=1+1', '-3', '＝cmd'];
    const objects = await labelled(ids);
    const keep = await text(csvLabels(objects, run, { escapeFormulas: false }));
    const column = (csv: string) => csv.match(/^(?:"(?:[^"]|"")*"|[^,\r\n]*)(?=,\d+,[\d.]+,0\.5\r\n)/gm);
    expect(column(keep)).toEqual(['a', '"b,c"', '"say ""x"""', '"two\nlines"', '=1+1', '-3', '＝cmd']);
    const escaped = await text(csvLabels(objects, run, { escapeFormulas: true }));
    expect(column(escaped)!.slice(4)).toEqual(["'=1+1", "'-3", "'＝cmd"]);
  });

  it('are streamed batch by batch, in one row group each, and keep every bit', async () => {
    const ids = Array.from({ length: 140_000 }, (_, row) => `kunde-${row}-é`);
    const objects = await labelled(ids);
    const chunks: number[] = [];
    async function* noted(parts: AsyncIterable<Uint8Array>) {
      for await (const part of parts) {
        chunks.push(part.length);
        yield part;
      }
    }
    const rows = await parquetRows(noted(parquetLabels(objects, run)));
    expect(chunks).toHaveLength(4);
    expect(rows).toHaveLength(140_000);
    expect(rows[139_999]).toEqual({
      customer_id: 'kunde-139999-é',
      segment_id: 9,
      distance: 139_999 / 3,
      confidence: 0.5,
    });
    const csv = await text(csvLabels(objects, run, { escapeFormulas: false }));
    expect(csv.split('\r\n')).toHaveLength(140_002);
  });

  it('hold the segment that each cluster is', async () => {
    const objects = await labelled(['a', 'b', 'c']);
    const csv = await text(csvLabels(objects, run, { escapeFormulas: false }));
    expect(
      csv
        .split('\r\n')
        .slice(1, 4)
        .map((line) => line.split(',').slice(0, 2)),
    ).toEqual([
      ['a', '10'],
      ['b', '9'],
      ['c', '8'],
    ]);
  });

  it('hold a header alone where there is no label', async () => {
    const objects = await labelled([]);
    expect(await text(csvLabels(objects, run, { escapeFormulas: false }))).toBe(
      'customer_id,segment_id,distance,confidence\r\n',
    );
    expect(await parquetRows(parquetLabels(objects, run))).toEqual([]);
  });

  it('go back into a table of PostgreSQL by the statements of docs/drilldown.md', async () => {
    const document = readFileSync(new URL('../../docs/drilldown.md', import.meta.url), 'utf8');
    const [, statements = ''] = /PostgreSQL 15\+:\s+```sql\n([\s\S]*?)```/.exec(document) ?? [];
    const fromFile = "\\copy labels FROM 'labels.csv'";
    expect(statements).toContain(fromFile);
    const ids = ['a', 'b,c', 'say "x"', 'two\nlines', '=1+1', 'é'];
    const csv = await text(csvLabels(await labelled(ids), run, { escapeFormulas: false }));
    const database = await PGlite.create();
    await database.exec(
      'CREATE TABLE customers (id text PRIMARY KEY, segment_id int, updates int DEFAULT 0)',
    );
    await database.exec(`CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.updates := OLD.updates + 1; RETURN NEW; END $$;
      CREATE TRIGGER counted BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION count_update()`);
    await database.query('INSERT INTO customers SELECT id, 8 FROM unnest($1::text[]) AS id', [
      [...ids, 'someone else'],
    ]);
    // psql sends the file behind \copy to the server; here it is handed over as a device.
    const merge = statements.replace(fromFile, "COPY labels FROM '/dev/blob'");
    for (const statement of merge.split(/;\n|\n(?=MERGE)/).filter((part) => part.trim())) {
      await database.query(statement, [], { blob: new Blob([csv]) });
    }
    const { rows } = await database.query('SELECT id, segment_id, updates FROM customers ORDER BY ctid');
    await database.close();
    expect(new Map(rows.map((row) => Object.values(row as Row).slice(0, 2) as [string, number]))).toEqual(
      new Map([...ids.map((id, row) => [id, 10 - (row % 3)] as const), ['someone else', 8]]),
    );
    expect(rows.map((row) => (row as Row).updates).reduce((sum, n) => sum + n, 0)).toBe(4);
  }, 60_000);
});

interface Row {
  readonly id: string;
  readonly segment_id: number;
  readonly updates: number;
}
