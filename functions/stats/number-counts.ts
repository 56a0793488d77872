const FIRST_SLOTS = 64;
const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** How often each number came: a map from numbers to counts by open addressing, a few times faster than `Map`. */
export class NumberCounts implements Iterable<readonly [key: number, count: number]> {
  #keys = new Float64Array(FIRST_SLOTS);
  /** 0 marks a free slot. */
  #counts = new Float64Array(FIRST_SLOTS);
  #size = 0;

  /** Different numbers. */
  get size(): number {
    return this.#size;
  }

  /** @param key not NaN; −0 is 0 */
  add(key: number, count: number): void {
    const slot = this.#slotOf(key);
    if (this.#counts[slot] === 0) {
      this.#keys[slot] = key + 0;
      this.#size++;
    }
    this.#counts[slot]! += count;
    if (2 * this.#size > this.#keys.length) this.#grow();
  }

  /** The numbers, in no meaningful order. */
  keys(): number[] {
    const keys: number[] = [];
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.#counts[slot]! > 0) keys.push(this.#keys[slot]!);
    }
    return keys;
  }

  countOf(key: number): number {
    return this.#counts[this.#slotOf(key)]!;
  }

  *[Symbol.iterator](): Generator<readonly [key: number, count: number]> {
    for (let slot = 0; slot < this.#keys.length; slot++) {
      if (this.#counts[slot]! > 0) yield [this.#keys[slot]!, this.#counts[slot]!];
    }
  }

  #slotOf(key: number): number {
    scratch[0] = key + 0;
    let hash = Math.imul(words[0]! ^ Math.imul(words[1]!, 0x85ebca6b), 0xc2b2ae35);
    hash ^= hash >>> 15;
    const mask = this.#keys.length - 1;
    let slot = hash & mask;
    while (this.#counts[slot]! > 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(2 * keys.length);
    this.#counts = new Float64Array(2 * keys.length);
    for (let old = 0; old < keys.length; old++) {
      if (counts[old] === 0) continue;
      const slot = this.#slotOf(keys[old]!);
      this.#keys[slot] = keys[old]!;
      this.#counts[slot] = counts[old]!;
    }
  }
}
