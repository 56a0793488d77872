import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { CampaignDocument, CampaignDocumentStore, DocumentQuery } from '../ports.ts';
import { documentList } from './dynamodb-documents.ts';

interface Stored extends Omit<CampaignDocument<unknown>, 'value'> {
  readonly json: string;
}

/** Documents in memory, each as the text that a table would hold. */
export function memoryDocuments(): CampaignDocumentStore {
  /** By tenant and collection, then by id. */
  const collections = new Map<string, Map<string, Stored>>();
  const of = (tenant: string, collection: string) => {
    const key = `${tenant}/${collection}`;
    const found = collections.get(key) ?? new Map<string, Stored>();
    collections.set(key, found);
    return found;
  };
  const store = <T>({ value, ...rest }: CampaignDocument<T>) =>
    void of(rest.tenant, rest.collection).set(rest.id, { ...rest, json: JSON.stringify(value) });

  return {
    async get<T>(tenant: string, collection: string, id: string) {
      const stored = of(tenant, collection).get(id);
      return stored && documentOf<T>(stored);
    },
    async write(document) {
      const { tenant, collection, id, revision } = document;
      if ((of(tenant, collection).get(id)?.revision ?? 0) !== revision - 1) return false;
      store(document);
      return true;
    },
    async writeAll(documents) {
      let count = 0;
      for (const document of documents) {
        store(document);
        count++;
      }
      return count;
    },
    async list<T>(tenant: string, collection: string, query: DocumentQuery) {
      const { label, from, to, descending = false, limit, cursor } = query;
      const list = documentList(collection, query);
      const [after] = cursor === undefined ? [] : decodeCursor(tenant, list, cursor);
      const isAhead = (id: string) => after === undefined || (descending ? id < after : id > after);
      const found = [...of(tenant, collection).values()]
        .filter((one) => label === undefined || one.label === label)
        .filter(({ id }) => (from === undefined || id >= from) && (to === undefined || id <= to))
        .filter(({ id }) => isAhead(id))
        .sort((a, b) => (a.id < b.id === descending ? 1 : -1));
      const items = found.slice(0, limit).map((one) => documentOf<T>(one));
      const last = items.at(-1);
      if (last === undefined || found.length <= limit) return { items };
      return { items, cursor: encodeCursor(tenant, list, [last.id]) };
    },
  };
}

function documentOf<T>({ json, ...rest }: Stored): CampaignDocument<T> {
  const { label, ...others } = rest;
  return { ...others, ...(label !== undefined && { label }), value: JSON.parse(json) };
}
