import type { Item, Table } from '../functions/adapters/dynamodb-table.ts';

/** What a table was asked for, in the units that DynamoDB bills. */
export interface Metered {
  writeUnits: number;
  readUnits: number;
  /** Requests, a batch of 25 writes or a page of a query counting once. */
  requests: number;
}

const BATCH_ITEMS = 25;
const WRITE_BYTES = 1024;
const READ_BYTES = 4096;
const LABEL_PARTITION = 'labelKey';

/**
 * A table in memory that counts what a request would be billed: a write by each KB of its item, once more where an
 * index holds it too, and as much again where it moves to another partition of the index; a consistent read by each 4 KB.
 * @param isKept whether items of a partition can be read again; others are counted and forgotten
 */
export function meteredTable(isKept: (pk: string) => boolean) {
  const metered: Metered = { writeUnits: 0, readUnits: 0, requests: 0 };
  /** By partition and the first two parts of the sort key, then by sort key: what is listed is one of these, or all. */
  const items = new Map<string, Map<string, Map<string, Item>>>();
  const groupOf = (sk: string) => sk.split('#').slice(0, 2).join('#');
  const find = (pk: string, sk: string) => items.get(pk)?.get(groupOf(sk))?.get(sk);

  function store(item: Item): void {
    const { pk, sk } = item;
    const units = Math.ceil(itemBytes(item) / WRITE_BYTES);
    const formerLabel = find(pk, sk)?.[LABEL_PARTITION];
    const label = item[LABEL_PARTITION];
    const isMoved = formerLabel !== undefined && formerLabel !== label;
    metered.writeUnits += units * (1 + (label === undefined ? 0 : 1) + (isMoved ? 1 : 0));
    if (!isKept(pk)) return;
    const groups = items.get(pk) ?? new Map<string, Map<string, Item>>();
    items.set(pk, groups);
    const group = groups.get(groupOf(sk)) ?? new Map<string, Item>();
    groups.set(groupOf(sk), group);
    group.set(sk, item);
  }

  const read = (bytes: number, share = 1) => {
    metered.requests++;
    metered.readUnits += Math.max(1, Math.ceil(bytes / READ_BYTES)) * share;
  };

  const table: Pick<Table, 'get' | 'put' | 'putAll' | 'query'> = {
    async get(pk, sk) {
      const found = find(pk, sk);
      read(found ? itemBytes(found) : 0);
      return found;
    },
    async put(item, condition) {
      metered.requests++;
      const former = find(item.pk, item.sk);
      const before = condition?.values?.[':before'];
      if (condition && former?.revision !== before) {
        metered.writeUnits++;
        return false;
      }
      store(item);
      return true;
    },
    async putAll(all) {
      let count = 0;
      for (const item of all) {
        store(item);
        count++;
      }
      metered.requests += Math.ceil(count / BATCH_ITEMS);
      return count;
    },
    async query({ ExpressionAttributeValues, IndexName, ScanIndexForward, ExclusiveStartKey }, limit = 1000) {
      const { ':pk': key, ':from': from, ':to': to } = ExpressionAttributeValues as Record<string, string>;
      const isLabel = IndexName !== undefined;
      const pk = isLabel ? key!.replace(/^(T#[^#]*)#L#[^#]*#/, '$1#') : key!;
      const groups = items.get(pk);
      const isOfGroup = from!.includes('#');
      const all = isOfGroup
        ? [groups?.get(groupOf(from!)) ?? new Map<string, Item>()]
        : (groups?.values() ?? []);
      const after = ExclusiveStartKey?.sk as string | undefined;
      const isAhead = (sk: string) =>
        after === undefined || (ScanIndexForward === false ? sk < after : sk > after);
      const found = [...all]
        .flatMap((group) => [...group.values()])
        .filter(({ sk }) => sk >= from! && sk <= to! && isAhead(sk))
        .filter((item) => !isLabel || item[LABEL_PARTITION] === key)
        .toSorted((a, b) => (a.sk < b.sk === (ScanIndexForward ?? true) ? -1 : 1))
        .slice(0, limit);
      // An index is read eventually consistent, at half the price.
      read(
        found.reduce((sum, item) => sum + itemBytes(item), 0),
        isLabel ? 0.5 : 1,
      );
      return found;
    },
  };
  return { table, metered, read };
}

/** Size of an item as DynamoDB counts it: names and texts in UTF-8, two digits of a number to a byte. */
export function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(value).replace(/\D/g, '').length / 2) + 1;
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, one) => sum + 1 + valueBytes(one), 0);
  return 1;
}
