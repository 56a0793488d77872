import { CAMPAIGNS_BY_LABEL, KEY } from '../contracts/env.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { CampaignDocument, CampaignDocumentStore, DocumentQuery } from '../ports.ts';
import type { Item, Table } from './dynamodb-table.ts';

const collectionPk = (tenant: string, collection: string) => `T#${tenant}#D#${collection}`;
/** Labels are words of ours without a number sign before `D#`, so that no two lists share a partition. */
const labelPk = (tenant: string, collection: string, label: string) =>
  `T#${tenant}#L#${label}#D#${collection}`;

/** Highest sort key there can be. */
const LAST = '\u{10ffff}';

/** Name of a list, which its cursors are bound to. */
export const documentList = (collection: string, { label, from, to, descending }: DocumentQuery) =>
  JSON.stringify(['documents', collection, label ?? null, from ?? null, to ?? null, descending ?? false]);

/**
 * Documents of campaigns. The value is one text of JSON: it comes back as the same bytes, whatever its keys are called
 * and however large its numbers.
 */
export function dynamodbDocuments(
  table: Pick<Table, 'get' | 'put' | 'putAll' | 'query'>,
): CampaignDocumentStore {
  return {
    async get<T>(tenant: string, collection: string, id: string) {
      const item = await table.get(collectionPk(tenant, collection), id);
      return item && documentOf<T>(item);
    },
    write(document) {
      const { revision } = document;
      return table.put(
        itemOf(document),
        revision === 1
          ? { expression: `attribute_not_exists(${KEY.partition})` }
          : { expression: 'revision = :before', values: { ':before': revision - 1 } },
      );
    },
    writeAll(documents) {
      return table.putAll(Iterator.from(documents).map(itemOf));
    },
    async list<T>(tenant: string, collection: string, query: DocumentQuery) {
      const { label, from = '!', to = LAST, descending = false, limit, cursor } = query;
      const list = documentList(collection, query);
      const [after] = cursor === undefined ? [] : decodeCursor(tenant, list, cursor);
      const pk = collectionPk(tenant, collection);
      const labelKey = label === undefined ? undefined : labelPk(tenant, collection, label);
      const items = await table.query(
        {
          ...(labelKey !== undefined && { IndexName: CAMPAIGNS_BY_LABEL.name }),
          ...(labelKey === undefined && { ConsistentRead: true }),
          KeyConditionExpression: `${labelKey === undefined ? KEY.partition : CAMPAIGNS_BY_LABEL.partition} = :pk AND ${KEY.sort} BETWEEN :from AND :to`,
          ExpressionAttributeValues: { ':pk': labelKey ?? pk, ':from': from, ':to': to },
          ScanIndexForward: !descending,
          ...(after !== undefined && {
            ExclusiveStartKey: {
              pk,
              sk: after,
              ...(labelKey !== undefined && { [CAMPAIGNS_BY_LABEL.partition]: labelKey }),
            },
          }),
        },
        limit + 1,
      );
      const documents = items.slice(0, limit).map((item) => documentOf<T>(item));
      const last = documents.at(-1);
      if (last === undefined || items.length <= limit) return { items: documents };
      return { items: documents, cursor: encodeCursor(tenant, list, [last.id]) };
    },
  };
}

function itemOf<T>({ tenant, collection, id, label, revision, value }: CampaignDocument<T>): Item {
  return {
    pk: collectionPk(tenant, collection),
    sk: id,
    tenant,
    collection,
    revision,
    json: JSON.stringify(value),
    ...(label !== undefined && { label, [CAMPAIGNS_BY_LABEL.partition]: labelPk(tenant, collection, label) }),
  };
}

function documentOf<T>(item: Item): CampaignDocument<T> {
  // Only `itemOf` writes these items.
  const { sk, tenant, collection, label, revision, json } = item as Item & Omit<StoredDocument, 'value'>;
  return {
    tenant,
    collection,
    id: sk,
    ...(label !== undefined && { label }),
    revision,
    value: JSON.parse(json),
  };
}

type StoredDocument = CampaignDocument<unknown> & { readonly json: string };
