import { describe, expect, it, vi } from 'vitest';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import type { CandidateFit, Model, SelectionReport } from '../../functions/contracts/artifacts.ts';
import { runKeys } from '../../functions/contracts/keys.ts';
import { InsufficientDataError, InvalidDatasetError, InvalidRequestError } from '../../functions/errors.ts';
import { fitCandidate } from '../../functions/handlers/fit-candidate.ts';
import { selectModel } from '../../functions/handlers/select-model.ts';
import { readJson } from '../../functions/json-objects.ts';
import { threadCount } from '../../functions/threads/thread-count.ts';
import { madeUpCustomers, prepareRun, quietContext, preparedRun as run } from '../support/prepared-run.ts';

const keys = runKeys(run);

async function prepared(nBuckets: number, ks: number[], customers = madeUpCustomers(300)) {
  const ports = memoryPorts();
  await prepareRun(ports, customers, { nBuckets, ks });
  return { ports, context: quietContext(ports) };
}

describe('FitCandidate', () => {
  it('finds the three kinds of customers, numbered by size, and scores them', async () => {
    const { ports, context } = await prepared(1, [3]);
    expect(await fitCandidate({ run, item: 0 }, context)).toEqual({ item: 0, rows: 300 });
    const fit = await readJson<CandidateFit>(ports.objects, keys.fit(0));
    // Of 300: every 20th spends much (15), every third of the others has lapsed (95).
    expect(fit.sizes).toEqual([190, 95, 15]);
    expect(fit.centers.map((center) => center.length)).toEqual([3, 3, 3]);
    expect(fit.silhouetteSamples).toBe(300);
    expect(fit.scores.silhouette).toBeGreaterThan(0.8);
    expect(fit.scores.daviesBouldin).toBeLessThan(0.4);
    expect(fit.scores.restarts).toBeGreaterThanOrEqual(3);
    expect(context.noted.at(-1)).toBe(300);
  });

  it('writes the same bytes whatever the number of buckets, empty ones too', async () => {
    const bytes = [];
    for (const nBuckets of [1, 3, 8, 40]) {
      const { ports, context } = await prepared(nBuckets, [4]);
      await fitCandidate({ run, item: 0 }, context);
      bytes.push(Buffer.from(await ports.objects.read(keys.fit(0))).toString());
    }
    expect(new Set(bytes).size).toBe(1);
  });

  it('writes the same bytes where the memory buys a second core', async () => {
    const customers = madeUpCustomers(20_000);
    const { ports, context } = await prepared(1, [3], customers);
    const fits = new Set<string>();
    for (const memoryMb of ['1769', '3008']) {
      vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', memoryMb);
      await fitCandidate({ run, item: 0 }, context);
      fits.add(JSON.stringify(await readJson(ports.objects, keys.fit(0))));
    }
    vi.unstubAllEnvs();
    expect(fits.size).toBe(1);
  });

  it.each([
    ['one core up to 1,769 MiB', { nSamples: 1e6, memoryMb: 1769, nCores: 6 }, 1],
    ['a second above it', { nSamples: 1e6, memoryMb: 1770, nCores: 6 }, 2],
    ['six at the most memory', { nSamples: 1e6, memoryMb: 10_240, nCores: 6 }, 6],
    ['no more than there are', { nSamples: 1e6, memoryMb: 10_240, nCores: 2 }, 2],
    ['one for few rows', { nSamples: 5000, memoryMb: 10_240, nCores: 6 }, 1],
    ['one outside of Lambda', { nSamples: 1e6, memoryMb: Number.NaN, nCores: 6 }, 1],
  ])('takes %s', (_, room, expected) => {
    expect(threadCount(room)).toBe(expected);
  });

  it('fails for more clusters than different customers, naming both numbers', async () => {
    const same = madeUpCustomers(40).map((customer, i) => ({
      ...customer,
      ...madeUpCustomers(1)[0],
      id: `${i}`,
    }));
    const { context } = await prepared(2, [3], same);
    const failure = fitCandidate({ run, item: 0 }, context);
    await expect(failure).rejects.toBeInstanceOf(InsufficientDataError);
    await expect(failure).rejects.toThrow(/1\b.*3\b|3\b.*1\b/s);
  });

  it('fails for a candidate that was not planned', async () => {
    const { context } = await prepared(1, [3]);
    await expect(fitCandidate({ run, item: 1 }, context)).rejects.toBeInstanceOf(InvalidRequestError);
  });

  it('fails when shards and recipe disagree about the number of rows', async () => {
    const { ports, context } = await prepared(4, [3]);
    await ports.objects.write(keys.features(3), await ports.objects.read(keys.features(0)));
    await expect(fitCandidate({ run, item: 0 }, context)).rejects.toBeInstanceOf(InvalidDatasetError);
  });
});

describe('SelectModel', () => {
  it('makes the best candidate the model and reports all of them', async () => {
    const { ports, context } = await prepared(2, [2, 3, 4]);
    for (const item of [2, 0, 1]) await fitCandidate({ run, item }, context);
    expect(await selectModel({ run }, context)).toEqual({ nClusters: 3 });
    const model = await readJson<Model>(ports.objects, keys.model);
    expect([model.nClusters, model.seed, model.sizes]).toEqual([3, 42, [190, 95, 15]]);
    expect(model.recipe.features.map(({ name }) => name)).toEqual(['recency_days', 'frequency', 'monetary']);
    const report = await readJson<SelectionReport>(ports.objects, keys.selection);
    expect(report.candidates.map(({ nClusters }) => nClusters)).toEqual([2, 3, 4]);
    expect(report.reason).toContain('the highest silhouette');
  });

  it('fails when a fit is missing', async () => {
    const { context } = await prepared(1, [2, 3]);
    await fitCandidate({ run, item: 0 }, context);
    await expect(selectModel({ run }, context)).rejects.toMatchObject({ name: 'NotFoundError' });
  });
});
