import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { runKeys } from '../functions/contracts/keys.ts';
import type { RunRef } from '../functions/contracts/workflow.ts';
import { scratchFolder } from './support/run-command.ts';
import { runWorkflow } from './support/run-workflow.ts';

const { path } = scratchFolder();
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import pyarrow']).status === 0,
);

const N = 120;
const tagsOf = (i: number) =>
  i % 10 === 0 ? null : Array.from({ length: i % 4 }, (_, j) => `tag ${(i + j) % 5}`);
const customers = Array.from({ length: N }, (_, i) => ({
  customer_id: `customer-${i}`,
  plan: i % 8 === 0 ? null : ['free', 'pro', 'größer'][i % 3]!,
  visits: i % 12 === 0 ? null : (i * 37) % 101,
  product_types: tagsOf(i),
}));
const key = 'drop/acme/customers/customers.jsonl';

async function runAt(shards: number) {
  const ports = memoryPorts();
  const text = customers.map((row) => `${JSON.stringify(row)}\n`).join('');
  await ports.objects.write(key, new TextEncoder().encode(text));
  const request = { files: [key], shards, nClusters: 3 };
  const { plan, error } = await runWorkflow(ports, {
    trigger: 'api',
    tenant: 'acme',
    dataset: 'customers',
    request,
  });
  if (error) throw error;
  const run: RunRef = plan!.run!;
  return { contents: ports.contents.objects, keys: runKeys(run) };
}

describe('the Arrow files of a run on customers with lists', () => {
  let one: Awaited<ReturnType<typeof runAt>>;
  let entities: Uint8Array;
  let features: Uint8Array;
  beforeAll(async () => {
    one = await runAt(1);
    entities = one.contents.get(one.keys.artifact('entities.arrow'))!;
    features = one.contents.get(one.keys.features(0))!;
  });

  it('hold lists as lists, an empty one and none told apart, for any reader', () => {
    const table = tableFromIPC(entities);
    const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, `${type}`]));
    expect(types).toMatchObject({ id: 'Utf8', plan: 'Utf8', visits: 'Float64', product_types: 'List<Utf8>' });
    const lists = Object.fromEntries(
      table
        .toArray()
        .map((row) => [row.id, row.product_types === null ? null : Array.from(row.product_types)]),
    );
    expect(lists).toEqual(Object.fromEntries(customers.map((row) => [row.customer_id, row.product_types])));
  });

  it('are the same bytes at any shard count', async () => {
    const several = await runAt(4);
    expect(several.contents.get(several.keys.artifact('entities.arrow'))).toEqual(entities);
  });

  it('tell of each feature its source, unit and steps, and carry a checksum that fits', () => {
    const { schema } = tableFromIPC(features);
    const described = schema.fields.filter(({ name }) => name !== 'customer_id');
    for (const { metadata } of described) {
      expect([...metadata.keys()].toSorted()).toEqual([
        'offset',
        'scale',
        'source',
        'source_unit',
        'steps',
        'transform',
      ]);
    }
    expect(new Set(described.map(({ metadata }) => metadata.get('source')))).toEqual(
      new Set(['plan', 'visits', 'product_types']),
    );
    const table = tableFromIPC(features);
    const checksum = createHash('sha256');
    for (const { name } of described) {
      const values = Float32Array.from(table.getChild(name)!.toArray() as Float32Array);
      checksum.update(new Uint8Array(values.buffer));
    }
    expect(schema.metadata.get('sha256_of_features')).toBe(checksum.digest('hex'));
  });

  it.skipIf(PYTHON === undefined)('are opened by pyarrow and pandas', () => {
    for (const [name, bytes] of Object.entries({ entities, features })) writeFileSync(path(name), bytes);
    const script = `
import json, sys
import pandas as pd, pyarrow.feather as feather
entities, features = (feather.read_table(path) for path in sys.argv[1:])
for table in (entities, features):
    table.validate(full=True)
rows = {row["id"]: row["product_types"] for row in entities.to_pylist()}
visits = features.schema.field("visits").metadata
print(json.dumps({"rows": rows, "n": len(pd.read_feather(sys.argv[2])), "source": visits[b"source"].decode()}))`;
    const output = execFileSync(PYTHON!, ['-c', script, path('entities'), path('features')], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({
      rows: Object.fromEntries(customers.map((row) => [row.customer_id, row.product_types])),
      n: N,
      source: 'visits',
    });
  });
});
