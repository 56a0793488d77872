import { describe, expect, it } from 'vitest';
import { decodeArrow, encodeArrowFile } from '../functions/arrow/ipc.ts';
import type { FittedRecipe } from '../functions/contracts/recipe.ts';
import { featureMatrix } from '../functions/feature-shards.ts';

const N_ROWS = 200_000;
const NAMES = ['a', 'b', 'c', 'd'];

/** More rows than a record batch holds. */
const columns = Object.fromEntries(
  NAMES.map((name, f) => [name, Float32Array.from({ length: N_ROWS }, (_, row) => row + f / 8)]),
);
const file = encodeArrowFile(columns);
const recipe = { features: NAMES.map((name) => ({ name })) } as unknown as FittedRecipe;

describe('feature shards', () => {
  it('are read in place: no batch of a column is copied out of the bytes of the file', () => {
    const parts = NAMES.flatMap((name) => decodeArrow(file).float32Parts(name));
    expect(parts.length).toBeGreaterThan(NAMES.length);
    expect(parts.every(({ buffer }) => buffer === file.buffer)).toBe(true);
  });

  it('become the rows of a matrix by one copy, and no other memory', () => {
    const table = decodeArrow(file);
    const before = process.memoryUsage().arrayBuffers;
    const { values } = featureMatrix(table, recipe);
    const taken = process.memoryUsage().arrayBuffers - before;
    expect(taken).toBeLessThan(1.05 * values.byteLength);
    for (const row of [0, 65_535, 65_536, N_ROWS - 1]) {
      expect(Array.from(values.subarray(row * 4, row * 4 + 4))).toEqual(
        NAMES.map((name) => columns[name]![row]),
      );
    }
  });
});
