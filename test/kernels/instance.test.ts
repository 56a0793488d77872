import { describe, expect, it } from 'vitest';
import { InvalidDatasetError, KernelError } from '../../functions/errors.ts';
import { loadKernels, loadKernelsSync } from '../../functions/kernels/instance.ts';
import { checkStatus } from '../../functions/kernels/status.ts';

const a = 1 + 2 ** -12;
const c = 1 + 2 ** -11;

describe('loadKernels', () => {
  it('fuses multiply and add in relaxed mode and rounds twice in strict mode', async () => {
    const kernels = await loadKernels();
    const expected = kernels.numericMode === 'relaxed-fma' ? 2 ** -24 : 0;
    expect(kernels.exports.madd_f32(a, a, -c)).toBe(expected);
    const strict = await loadKernels({ numericMode: 'strict' });
    expect(strict.numericMode).toBe('strict');
    expect(strict.exports.madd_f32(a, a, -c)).toBe(0);
    expect(strict.exports.nmadd_f32(a, a, c)).toBe(0);
  });

  it('gives every caller a memory of its own', () => {
    const one = loadKernelsSync();
    const two = loadKernelsSync();
    const first = one.memory.f32(4).fill(1);
    const second = two.memory.f32(4).fill(2);
    expect(first.byteOffset).toBe(second.byteOffset);
    expect([...first]).toEqual([1, 1, 1, 1]);
  });

  it('sees the arrays of another instance when given its memory', () => {
    const owner = loadKernelsSync();
    const values = owner.memory.f32(2);
    values.set([3, 4]);
    const worker = loadKernelsSync({ memory: owner.memory.memory });
    const view = new Float32Array(worker.memory.memory.buffer, values.byteOffset, 2);
    expect([...view]).toEqual([3, 4]);
  });
});

describe('KernelMemory', () => {
  it('aligns every array to 64 bytes and keeps arrays apart', () => {
    const { memory } = loadKernelsSync();
    const bytes = memory.u8(3).fill(7);
    const doubles = memory.f64(2).fill(0);
    expect(bytes.byteOffset % 64).toBe(0);
    expect(doubles.byteOffset % 64).toBe(0);
    expect(doubles.byteOffset).toBeGreaterThanOrEqual(bytes.byteOffset + 3);
    expect([...bytes]).toEqual([7, 7, 7]);
  });

  it('keeps what one thread works in out of reach of another that reads what lies before it', () => {
    const { memory } = loadKernelsSync();
    const one = memory.f32(4);
    memory.keepApart();
    const other = memory.f32(4);
    expect(other.byteOffset - one.byteOffset).toBeGreaterThanOrEqual(2048 + one.byteLength);
  });

  it('keeps earlier arrays valid when the memory grows', () => {
    const { memory } = loadKernelsSync();
    const small = memory.i32(2);
    small.set([5, 6]);
    const large = memory.f32(3_000_000);
    large[2_999_999] = 1;
    expect([...small]).toEqual([5, 6]);
    expect(new Int32Array(memory.memory.buffer, small.byteOffset, 1)[0]).toBe(5);
  });

  it('knows its own arrays, also those made before it grew', () => {
    const { memory } = loadKernelsSync();
    const early = memory.f32(4);
    expect(memory.holds(early)).toBe(true);
    const late = memory.f32(5_000_000);
    expect(late.buffer).not.toBe(early.buffer);
    expect([memory.holds(early), memory.holds(late), memory.holds(late.subarray(3, 5))]).toEqual([
      true,
      true,
      true,
    ]);
    expect(memory.holds(new Float32Array(4))).toBe(false);
    expect(loadKernelsSync().memory.holds(early)).toBe(false);
  });

  it('frees what a scope allocated, also when the scope throws', () => {
    const { memory } = loadKernelsSync();
    const before = memory.used;
    expect(memory.scope(() => memory.f32(100).length)).toBe(100);
    expect(() =>
      memory.scope(() => {
        memory.f32(100);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(memory.used).toBe(before);
  });

  it('fails with the bytes needed when 32-bit addresses do not reach', () => {
    const { memory } = loadKernelsSync();
    expect(() => memory.alloc(4 * 1024 ** 3)).toThrow(InvalidDatasetError);
    expect(() => memory.alloc(4 * 1024 ** 3)).toThrow(/4295032832 bytes are needed/);
    expect(() => memory.alloc(-1)).toThrow(KernelError);
  });
});

describe('checkStatus', () => {
  it('passes results through', () => {
    expect(checkStatus('kernel', 12)).toBe(12);
  });

  it('fails with kernel and reason for a negative status', () => {
    expect(() => checkStatus('dbscan_f32', -2)).toThrow(
      /dbscan_f32 refused its arguments with status -2: the scratch memory/,
    );
  });
});
