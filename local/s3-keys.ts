/** Moves surrogates above the other code units, so that comparing code units orders as UTF-8 does. */
const rank = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

/** Order of two texts by their UTF-8 bytes: negative, zero or positive. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** What a listing asks for. */
export interface ListQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** Keys up to and including this one are left out; a common prefix left out whole. */
  readonly after: string;
  readonly maxKeys: number;
}

/** One page of a listing. */
export interface ListPage<T> {
  readonly entries: readonly (readonly [key: string, value: T])[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** Last key or common prefix of the page: `after` of the next one. */
  readonly last: string;
}

/** A map whose keys lie in UTF-8 byte order: what a bucket lists. */
export class KeyIndex<T> {
  readonly #values = new Map<string, T>();
  #keys: string[] = [];
  /** Keys added since the last listing; merged in when one is asked for. */
  #unsorted = false;

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    if (!this.#values.has(key)) {
      this.#unsorted ||= this.#keys.length > 0 && compareUtf8(this.#keys.at(-1)!, key) > 0;
      this.#keys.push(key);
    }
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#sort();
    this.#keys.splice(this.#firstFrom(key), 1);
    return true;
  }

  /** A page in key order; keys that share the part up to the delimiter count once, as their common prefix. */
  list({ prefix, delimiter, after, maxKeys }: ListQuery): ListPage<T> {
    this.#sort();
    const entries: (readonly [string, T])[] = [];
    const commonPrefixes: string[] = [];
    let last = after;
    for (
      let i = this.#firstFrom(compareUtf8(prefix, after) > 0 ? prefix : after);
      i < this.#keys.length;
      i++
    ) {
      const key = this.#keys[i]!;
      if (!key.startsWith(prefix)) break;
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const item = cut < 0 ? key : key.slice(0, cut + delimiter.length);
      if (compareUtf8(item, after) <= 0 || item === commonPrefixes.at(-1)) continue;
      if (entries.length + commonPrefixes.length >= maxKeys)
        return { entries, commonPrefixes, isTruncated: maxKeys > 0, last };
      if (cut < 0) entries.push([key, this.#values.get(key)!]);
      else commonPrefixes.push(item);
      last = item;
    }
    return { entries, commonPrefixes, isTruncated: false, last };
  }

  #sort(): void {
    if (this.#unsorted) this.#keys.sort(compareUtf8);
    this.#unsorted = false;
  }

  /** Position of the first key that is not below `key`. */
  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareUtf8(this.#keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
