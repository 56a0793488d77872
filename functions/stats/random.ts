/**
 * Seeded random numbers, the only ones in tessella: xoshiro128** 1.1 (Blackman & Vigna, "Scrambled linear
 * pseudorandom number generators", ACM TOMS 47, 2021), its state filled by splitmix32 from the seed and the path of
 * forks. Equal seeds and paths give equal sequences on every host.
 */
export class Random {
  readonly #path: readonly number[];
  readonly #state: Uint32Array;
  /** The second value of the last pair of normals. */
  #spareNormal: number | undefined;

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number, path: readonly number[] = []) {
    this.#path = [seed, ...path];
    this.#state = seededState(this.#path);
  }

  /** An independent generator for part `index`; it does not depend on how much was drawn here. */
  fork(index: number): Random {
    const [seed = 0, ...path] = this.#path;
    return new Random(seed, [...path, index]);
  }

  /** 32 random bits. */
  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Uniform whole number in [0, bound), without bias; bound is from 1 to 2³². */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(
        `The bound of a random integer must be a whole number from 1 to 2^32, not ${bound}.`,
      );
    }
    // Quotients below 2³² of whole numbers are rounded to no other whole number; `%` of numbers above 2³¹ is a slow loop.
    const limit = Math.floor(2 ** 32 / bound) * bound;
    let bits = this.uint32();
    while (bits >= limit) bits = this.uint32();
    return bits - Math.floor(bits / bound) * bound;
  }

  /** Normal with the given mean and standard deviation (Marsaglia's polar method, 1964). */
  normal(mean = 0, standardDeviation = 1): number {
    return mean + standardDeviation * this.#standardNormal();
  }

  /** Reorders in place (Fisher & Yates); every order is equally likely. */
  shuffle<T extends { [index: number]: number; length: number } | unknown[]>(values: T): T {
    const list = values as { [index: number]: unknown; length: number };
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [list[last], list[other]] = [list[other], list[last]];
    }
    return values;
  }

  /** `size` different whole numbers of [0, n), ascending; every subset is equally likely (Floyd's method). */
  sample(n: number, size: number): Int32Array {
    if (size < 0 || size > n) {
      throw new RangeError(`Cannot draw ${size} different numbers out of ${n}.`);
    }
    // One bit per number: a set of thousands of numbers takes longer than everything drawn from it.
    const chosen = new Uint32Array(Math.ceil(n / 32));
    const has = (number: number) => ((chosen[number >>> 5]! >>> (number & 31)) & 1) === 1;
    for (let last = n - size; last < n; last++) {
      const candidate = this.integer(last + 1);
      const next = has(candidate) ? last : candidate;
      chosen[next >>> 5]! |= 1 << (next & 31);
    }
    const drawn = new Int32Array(size);
    let nDrawn = 0;
    for (let word = 0; word < chosen.length; word++) {
      // From the lowest bit to the highest.
      for (let bits = chosen[word]!; bits !== 0; bits &= bits - 1) {
        drawn[nDrawn++] = word * 32 + 31 - Math.clz32(bits & -bits);
      }
    }
    return drawn;
  }

  #standardNormal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = y * factor;
      return x * factor;
    }
  }
}

function rotateLeft(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

/** Each element of the path stirs what the elements before it left, so that (1, 2) and (2, 1) differ. */
function seededState(path: readonly number[]): Uint32Array {
  let stirred = 0;
  for (const element of path) stirred = mix((stirred ^ element) + 0x9e3779b9);
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i++) state[i] = mix(stirred + Math.imul(i + 1, 0x9e3779b9));
  // The all-zero state is the one xoshiro never leaves.
  if (state.every((word) => word === 0)) state[0] = 1;
  return state;
}

/** Finaliser of splitmix32 (Steele, Lea & Flood, OOPSLA 2014; constants of Wellons' hash prospector). */
function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
