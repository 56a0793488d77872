import { hash } from 'node:crypto';

/** A label that stands for none. */
const NONE = -2;

/** Largest share of slots in use before the table grows. */
const MOST_LOAD = 0.6;

/**
 * Labels by id for millions of ids in typed arrays: 21 bytes a slot. An id is held as the first 128 bits of its SHA-256,
 * so that two ids are taken for one with a chance of 1 in 10²⁴ at ten million.
 */
export class IdLabels {
  #size = 0;
  #slots = 1 << 12;
  #fingerprints = new Uint32Array(4 * this.#slots);
  #labels = new Int32Array(this.#slots).fill(NONE);
  #seen = new Uint8Array(this.#slots);

  /** Ids held. */
  get size(): number {
    return this.#size;
  }

  /** Adds an id with its label (−1 or more); false where the id is held already, whose label stays. */
  add(id: string, label: number): boolean {
    const slot = this.#slotOf(fingerprintOf(id));
    if (this.#labels[slot] !== NONE) return false;
    this.#put(slot, fingerprintOf(id), label);
    if (this.#size > MOST_LOAD * this.#slots) this.#grow();
    return true;
  }

  /** The label of an id, noted as seen; undefined where it is not held, and `twice` where it was seen before. */
  take(id: string): number | 'twice' | undefined {
    const slot = this.#slotOf(fingerprintOf(id));
    const label = this.#labels[slot]!;
    if (label === NONE) return undefined;
    if (this.#seen[slot] === 1) return 'twice';
    this.#seen[slot] = 1;
    return label;
  }

  /** Whether `take` was called for this id. */
  isTaken(id: string): boolean {
    return this.#seen[this.#slotOf(fingerprintOf(id))] === 1;
  }

  /** The slot of a fingerprint, or the free one where it belongs: open addressing, one step at a time. */
  #slotOf(print: Uint32Array): number {
    let slot = print[0]! & (this.#slots - 1);
    while (this.#labels[slot] !== NONE && !this.#holds(slot, print)) slot = (slot + 1) & (this.#slots - 1);
    return slot;
  }

  #holds(slot: number, print: Uint32Array): boolean {
    const held = this.#fingerprints;
    for (let word = 0; word < 4; word++) if (held[4 * slot + word] !== print[word]) return false;
    return true;
  }

  #put(slot: number, print: Uint32Array, label: number): void {
    this.#fingerprints.set(print, 4 * slot);
    this.#labels[slot] = label;
    this.#size++;
  }

  #grow(): void {
    const [fingerprints, labels, seen] = [this.#fingerprints, this.#labels, this.#seen];
    this.#slots *= 2;
    this.#fingerprints = new Uint32Array(4 * this.#slots);
    this.#labels = new Int32Array(this.#slots).fill(NONE);
    this.#seen = new Uint8Array(this.#slots);
    this.#size = 0;
    labels.forEach((label, from) => {
      if (label === NONE) return;
      const print = fingerprints.subarray(4 * from, 4 * from + 4);
      const slot = this.#slotOf(print);
      this.#put(slot, print, label);
      this.#seen[slot] = seen[from]!;
    });
  }
}

function fingerprintOf(id: string): Uint32Array {
  const digest = hash('sha256', id, 'buffer');
  return new Uint32Array(digest.buffer, digest.byteOffset, 4);
}
