import { createReadStream, existsSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { decodeArrow } from '../../functions/arrow/ipc.ts';
import type { RunPlan } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import type { FittedRecipe } from '../../functions/contracts/recipe.ts';
import { type RunRequestInput, runRequestSchema } from '../../functions/contracts/workflow.ts';
import { buildFeatures } from '../../functions/handlers/build-features.ts';
import { mergeEntities } from '../../functions/handlers/merge-entities.ts';
import { planRun } from '../../functions/handlers/plan-run.ts';
import { prepareFit } from '../../functions/handlers/prepare-fit.ts';
import { readJson } from '../../functions/json-objects.ts';
import { readRowCounts } from '../../functions/row-counts.ts';
import { quietContext } from '../support/prepared-run.ts';

const FILE = new URL('../../../shared/data/online_retail/online_retail.csv.gz', import.meta.url);

/** Reads one object into features: the fitted recipe, the row counts and all entities laid end to end. */
async function features(ports: MemoryPorts, settings: RunRequestInput) {
  const context = quietContext(ports);
  const request = runRequestSchema.parse(settings);
  const { run } = await planRun(
    { trigger: { trigger: 'api', tenant: 'acme', dataset: 'retail', request } },
    context,
  );
  const keys = runKeys(run!);
  const plan = await readJson<RunPlan>(ports.objects, keys.plan);
  for (const { shard } of plan.rowShards) await buildFeatures({ run: run!, item: shard }, context);
  for (let item = 0; item < plan.nBuckets; item++) await mergeEntities({ run: run!, item }, context);
  await prepareFit({ run: run! }, context);
  const entities: unknown[] = [];
  for (let item = 0; item < plan.nBuckets; item++) {
    const table = decodeArrow(await ports.objects.read(keys.entities(item)));
    const [recency, frequency, monetary] = ['recency_days', 'frequency', 'monetary'].map((name) =>
      table.float64(name),
    );
    table.strings('customer_id').forEach((id, i) => {
      entities.push([id, recency![i], frequency![i], monetary![i]]);
    });
  }
  return {
    plan,
    entities,
    recipe: await readJson<FittedRecipe>(ports.objects, keys.recipe),
    rows: await readRowCounts(ports.objects, plan),
  };
}

describe.skipIf(!existsSync(FILE))('the features of Online Retail', () => {
  let plain: Uint8Array;
  let whole: Awaited<ReturnType<typeof features>>;
  const ports = memoryPorts();

  beforeAll(async () => {
    plain = new Uint8Array(await buffer(createReadStream(FILE).pipe(createGunzip())));
    await ports.objects.write('files/acme/orders.csv', plain);
    await ports.objects.write('files/acme/orders.csv.gz', await buffer(createReadStream(FILE)));
    whole = await features(ports, { files: ['files/acme/orders.csv.gz'] });
  });

  it('count the rows that each cleaning rule drops', () => {
    expect(whole.rows).toEqual({
      read: 541_909,
      used: 397_884,
      rejected: 144_025,
      byRule: { missing_customer_id: 135_080, quantity_not_positive: 8_905, unit_price_not_positive: 40 },
    });
  });

  it('have the published means and deviations, to the last digits', () => {
    const { nSamples, features: fitted, referenceAt } = whole.recipe;
    expect(nSamples).toBe(4338);
    expect(referenceAt).toBe('2011-12-10T12:50:00.000Z');
    // numpy sums in another order: it may be off by a few units in the last place, we round once.
    const published = [
      [92.53642231443061, 100.00264028934252],
      [4.272014753342554, 7.697110499963787],
      [2054.2664601198708, 8988.194278527177],
    ];
    for (const [f, [mean, deviation]] of published.entries()) {
      expect(Math.abs(fitted[f]!.offset / mean! - 1)).toBeLessThan(1e-14);
      expect(Math.abs(fitted[f]!.scale / deviation! - 1)).toBeLessThan(1e-14);
    }
  });

  it.each([1, 2, 7, 23])('are the same bit by bit in %i shards of the plain file', async (shards) => {
    const { plan, entities, recipe, rows } = await features(ports, {
      files: ['files/acme/orders.csv'],
      shards,
      rerun: String(shards),
    });
    expect(plan.rowShards).toHaveLength(shards);
    expect(plan.nBuckets).toBe(shards);
    expect(rows).toEqual(whole.rows);
    expect(recipe).toEqual(whole.recipe);
    expect(entities).toEqual(whole.entities);
  });

  it('are the same when the file comes in several gzip members', async () => {
    const cut = plain.length >> 1;
    const members = Buffer.concat([gzipSync(plain.subarray(0, cut)), gzipSync(plain.subarray(cut))]);
    await ports.objects.write('files/acme/members.csv.gz', members);
    const { entities } = await features(ports, { files: ['files/acme/members.csv.gz'] });
    expect(entities).toEqual(whole.entities);
  });
});
