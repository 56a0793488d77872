import { describe, expect, it } from 'vitest';
import { columnNames } from '../../cli/cluster-options.ts';
import { scaleColumns, toMatrix, toRows } from '../../cli/cluster-scaling.ts';
import { meansOf } from '../../cli/cluster-scores.ts';
import { stageDisplay } from '../../cli/cluster-stage.ts';

const columns = (...values: number[][]) =>
  values.map((column, i) => ({ name: `c${i + 1}`, values: Float64Array.from(column) }));

describe('scaling', () => {
  it('by z-score has mean 0 and population deviation 1, worked by hand', () => {
    const [column] = scaleColumns(columns([1, 3, 5, 7]), 'zscore');
    // Mean 4, variance (9 + 1 + 1 + 9) / 4 = 5.
    const unit = 1 / Math.sqrt(5);
    expect([...column!.scaled]).toEqual([-3 * unit, -unit, unit, 3 * unit]);
  });

  it('by range runs from 0 to 1, and leaves the raw values as they were', () => {
    const [column] = scaleColumns(columns([-2, 0, 6]), 'minmax');
    expect([...column!.scaled]).toEqual([0, 0.25, 1]);
    expect([...column!.raw]).toEqual([-2, 0, 6]);
  });

  it.each(['zscore', 'minmax'] as const)('makes a constant column 0: %s', (scaling) => {
    expect([...scaleColumns(columns([7, 7, 7]), scaling)[0]!.scaled]).toEqual([0, 0, 0]);
  });

  it('by z-score does not lose a spread of one to a mean of 1e12', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1e12 + (i % 2 === 0 ? -1 : 1));
    const [column] = scaleColumns(columns(values), 'zscore');
    expect(column!.scaled[0]).toBeCloseTo(-1, 9);
    expect(column!.scaled[1]).toBeCloseTo(1, 9);
  });
});

describe('kernel rows', () => {
  it('are row-major', () => {
    const scaled = scaleColumns(columns([1, 2], [3, 4]), 'none');
    expect([...toMatrix(scaled).values]).toEqual([1, 3, 2, 4]);
    expect([...toRows(scaled).values]).toEqual([1, 3, 2, 4]);
  });

  it('keep values that float32 holds, and centre those that it does not', () => {
    const exact = toMatrix(scaleColumns(columns([1e6, 1e6 + 1]), 'none'));
    expect([...exact.values]).toEqual([1e6, 1e6 + 1]);
    const { values } = toMatrix(scaleColumns(columns([1e6 + 0.1, 1e6 + 0.3]), 'none'));
    expect(values[1]! - values[0]!).toBeCloseTo(0.2, 8);
  });

  it.each([1e-300, 1e-40, 1e30, 1e149])('keep the proportions of columns of size %f', (size) => {
    const { values } = toMatrix(scaleColumns(columns([0, size, 3 * size], [size, 0, 0]), 'none'));
    expect(values.every(Number.isFinite)).toBe(true);
    const [first, second] = [values[2]! - values[0]!, values[4]! - values[0]!];
    expect(second / first).toBeCloseTo(3, 5);
    expect((values[1]! - values[3]!) / first).toBeCloseTo(1, 5);
  });
});

describe('means', () => {
  it('are those of the rows of each cluster, without noise', () => {
    const means = meansOf(Float64Array.of(1, 100, 3, 7), Int32Array.of(0, -1, 0, 1), [2, 1]);
    expect([...means]).toEqual([2, 7]);
  });
});

describe('column names', () => {
  it('are separated by commas, and quoted where they hold one', () => {
    expect(columnNames('age, income')).toEqual(['age', 'income']);
    expect(columnNames('"a,b",c')).toEqual(['a,b', 'c']);
    expect(columnNames('"say ""x""",c d')).toEqual(['say "x"', 'c d']);
  });

  it('fail when one is empty', () => {
    expect(() => columnNames('')).toThrow(/Expected names/);
    expect(() => columnNames('a,')).toThrow(/Expected names/);
  });
});

describe('the stage display', () => {
  const recorder = (isTTY: boolean) => {
    const written: string[] = [];
    return { written, isTTY, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
  };

  it('rewrites one line of a terminal and leaves it empty', () => {
    const output = recorder(true);
    const stage = stageDisplay(output);
    stage.show('reading');
    stage.show('clustering');
    stage.clear();
    stage.clear();
    expect(output.written).toEqual(['\r\u001b[2Kreading', '\r\u001b[2Kclustering', '\r\u001b[2K']);
  });

  it('writes nothing elsewhere', () => {
    const output = recorder(false);
    const stage = stageDisplay(output);
    stage.show('reading');
    stage.clear();
    expect(output.written).toEqual([]);
  });
});
