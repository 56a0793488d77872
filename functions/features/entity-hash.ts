const encoder = new TextEncoder();

/**
 * 32-bit hash of an entity id: FNV-1a over its UTF-8 bytes (Fowler, Noll & Vo) through the finaliser of MurmurHash3
 * (Appleby), which spreads it evenly over ranges. It fixes the canonical order of entities, so it must never change.
 */
export function entityHash(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    if (code > 0x7f) {
      const bytes = encoder.encode(id);
      return entityHashOfBytes(bytes, 0, bytes.length);
    }
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return finalise(hash);
}

/** As `entityHash`, of the UTF-8 bytes [start, end) of an id. */
export function entityHashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return finalise(hash);
}

function finalise(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The bucket of a hash: equal ranges, so that buckets laid end to end are in canonical order however many there are. */
export function bucketOf(hash: number, nBuckets: number): number {
  return Math.floor((hash * nBuckets) / 2 ** 32);
}

/** An id with its hash; the canonical order is by hash, then by UTF-8 bytes. */
export interface HashedEntity {
  readonly id: string;
  readonly hash: number;
}

/** Compares in canonical order. */
export function compareEntities(a: HashedEntity, b: HashedEntity): number {
  return a.hash - b.hash || (a.id === b.id ? 0 : compareBytes(encoder.encode(a.id), encoder.encode(b.id)));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
