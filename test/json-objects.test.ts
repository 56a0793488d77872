import { describe, expect, it } from 'vitest';
import { memoryPorts } from '../functions/adapters/memory.ts';
import { NotFoundError } from '../functions/errors.ts';
import { canonicalJson, readJson, writeJson } from '../functions/json-objects.ts';
import { QuantileDigest } from '../functions/stats/quantiles.ts';

describe('canonical JSON', () => {
  it('has the same bytes whatever order the keys were made in, at any depth', () => {
    const one = { b: [{ y: 1, x: 2 }], a: null };
    const other = { a: null, b: [{ x: 2, y: 1 }] };
    expect(canonicalJson(one)).toBe('{"a":null,"b":[{"x":2,"y":1}]}\n');
    expect(canonicalJson(other)).toBe(canonicalJson(one));
  });

  it('keeps numbers exactly as they are and the order of lists', () => {
    const numbers = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 3, 1];
    expect(JSON.parse(canonicalJson(numbers))).toEqual(numbers);
  });

  it('lets a value say how it is written', () => {
    expect(canonicalJson(new QuantileDigest())).toBe('{"counts":[],"exact":true,"keys":[]}\n');
  });
});

describe('JSON objects', () => {
  it('come back as they were written', async () => {
    const { objects } = memoryPorts();
    await writeJson(objects, 'runs/a.json', { name: 'Zoë', sizes: [1, 2] });
    expect(await readJson(objects, 'runs/a.json')).toEqual({ name: 'Zoë', sizes: [1, 2] });
  });

  it('fails for a key that holds nothing', async () => {
    await expect(readJson(memoryPorts().objects, 'runs/none.json')).rejects.toBeInstanceOf(NotFoundError);
  });
});
