/** Two loops that show what a core can do at most; a module of its own, built and run by the benchmarks only. */

/**
 * Fused multiply-adds on eight independent accumulators in registers: 64 floating-point operations a round.
 * @returns a value that depends on all of them
 */
export function multiply_add_f32(rounds: i32, factor: f32, addend: f32): f32 {
  const factor_f32x4 = f32x4.splat(factor);
  const addend_f32x4 = f32x4.splat(addend);
  let a0 = f32x4.splat(0.1);
  let a1 = f32x4.splat(0.2);
  let a2 = f32x4.splat(0.3);
  let a3 = f32x4.splat(0.4);
  let a4 = f32x4.splat(0.5);
  let a5 = f32x4.splat(0.6);
  let a6 = f32x4.splat(0.7);
  let a7 = f32x4.splat(0.8);
  for (let round = 0; round < rounds; round++) {
    a0 = f32x4.relaxed_madd(a0, factor_f32x4, addend_f32x4);
    a1 = f32x4.relaxed_madd(a1, factor_f32x4, addend_f32x4);
    a2 = f32x4.relaxed_madd(a2, factor_f32x4, addend_f32x4);
    a3 = f32x4.relaxed_madd(a3, factor_f32x4, addend_f32x4);
    a4 = f32x4.relaxed_madd(a4, factor_f32x4, addend_f32x4);
    a5 = f32x4.relaxed_madd(a5, factor_f32x4, addend_f32x4);
    a6 = f32x4.relaxed_madd(a6, factor_f32x4, addend_f32x4);
    a7 = f32x4.relaxed_madd(a7, factor_f32x4, addend_f32x4);
  }
  const left = f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3));
  const right = f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7));
  return f32x4.extract_lane(f32x4.add(left, right), 0);
}

/** Reads `bytes` (a multiple of 64) from `address` on; returns a value that depends on all of them. */
export function read_f32(address: usize, bytes: usize): f32 {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  for (const end = address + bytes; address < end; address += 64) {
    a0 = f32x4.add(a0, v128.load(address));
    a1 = f32x4.add(a1, v128.load(address, 16));
    a2 = f32x4.add(a2, v128.load(address, 32));
    a3 = f32x4.add(a3, v128.load(address, 48));
  }
  return f32x4.extract_lane(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), 0);
}
