import type { AccountRef, DayRange, EntityType } from '../contracts/campaign-entities.ts';
import type { CampaignEntity, InsightDay } from '../contracts/campaign-insights.ts';
import { KEY } from '../contracts/env.ts';
import { inParallel } from '../in-parallel.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { InsightStore } from '../ports.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';
import { insightMonths, monthsIn } from './insight-months.ts';

const monthPk = ({ tenant, configId }: AccountRef, type: EntityType, month: string) =>
  `T#${tenant}#I#${configId}#${type}#${month}`;
const entityPk = ({ tenant, configId }: AccountRef, type: EntityType) => `T#${tenant}#E#${configId}#${type}`;
const entitySk = (entityId: string) => `E#${entityId}`;
const accountSk = (configId: number) => `A#${String(configId).padStart(10, '0')}`;
/** One partition names the accounts of all tenants, for the jobs. */
const ACCOUNTS = 'ACCOUNTS';

/** Name of the list of entities, which its cursors are bound to. */
export const entityList = (configId: number, type: EntityType) => `entities/${configId}/${type}`;

/**
 * Days as the table holds them: an item per entity and calendar month, an attribute per day. The days of a month, of
 * all entities of an account, lie in one partition: a report on 10,000 campaigns reads a few partitions from end to
 * end, and a corrected day is one update that touches no other day.
 */
export function dynamodbInsights(table: Table): InsightStore {
  const accountsAt = async (pk: string, prefix: string): Promise<AccountRef[]> => {
    const items = await table.withPrefix(pk, prefix);
    return items.map((item) => recordOf<AccountRef>(item));
  };
  return {
    async put(account, insights) {
      const months = insightMonths(insights);
      const entities = new Map<string, Item>();
      for (const { insight } of months) {
        const { entity_type, entity_id, name, campaign_id, adset_id } = insight;
        const [pk, sk] = [entityPk(account, entity_type), entitySk(entity_id)];
        entities.set(`${pk}/${sk}`, {
          ...entities.get(`${pk}/${sk}`),
          ...definedOnly({ pk, sk, entity_type, entity_id, name, campaign_id, adset_id }),
        } as Item);
      }
      const place = { tenant: account.tenant, configId: account.configId };
      await table.put({ pk: `T#${account.tenant}`, sk: accountSk(account.configId), ...place });
      await table.put({
        pk: ACCOUNTS,
        sk: `T#${account.tenant}#${accountSk(account.configId)}`,
        ...place,
      });
      await inParallel(entities.values(), ({ pk, sk, ...fields }) => table.merge(pk, sk, fields));
      await inParallel(months, ({ month, insight, days }) =>
        table.merge(
          monthPk(account, insight.entity_type, month),
          entitySk(insight.entity_id),
          Object.fromEntries([...days.values()].map((day) => [dayAttribute(day.date), packedDay(day)])),
        ),
      );
      return {
        days: months.reduce((sum, { days }) => sum + days.size, 0),
        entities: entities.size,
      };
    },
    async *days(account, type, range) {
      for (const month of monthsIn(range)) {
        for await (const items of table.partition(monthPk(account, type, month))) {
          for (const item of items) {
            yield { entityId: item.sk.slice(2), days: unpackedDays(item, month, range) };
          }
        }
      }
    },
    async entityDays(account, type, entityId, range) {
      const months = await Promise.all(
        monthsIn(range).map(async (month) => {
          const item = await table.get(monthPk(account, type, month), entitySk(entityId));
          return item ? unpackedDays(item, month, range) : [];
        }),
      );
      return months.flat();
    },
    async entity(account, type, entityId) {
      const item = await table.get(entityPk(account, type), entitySk(entityId));
      return item && recordOf<CampaignEntity>(item);
    },
    async entities(account, type, { limit, cursor }) {
      const list = entityList(account.configId, type);
      const [after] = cursor === undefined ? [] : decodeCursor(account.tenant, list, cursor);
      const pk = entityPk(account, type);
      const items = await table.query(
        {
          KeyConditionExpression: `${KEY.partition} = :pk`,
          ExpressionAttributeValues: { ':pk': pk },
          ConsistentRead: true,
          ...(after !== undefined && { ExclusiveStartKey: { pk, sk: entitySk(after) } }),
        },
        limit + 1,
      );
      const entities = items.slice(0, limit).map((item) => recordOf<CampaignEntity>(item));
      const last = entities.at(-1);
      if (last === undefined || items.length <= limit) return { items: entities };
      return { items: entities, cursor: encodeCursor(account.tenant, list, [last.entity_id]) };
    },
    accounts: (tenant) => accountsAt(`T#${tenant}`, 'A#'),
    allAccounts: () => accountsAt(ACCOUNTS, 'T#'),
  };
}

const dayAttribute = (date: string) => `d${date.slice(8)}`;

/** A day as a list: without names, a month of days is some 2 KB. */
function packedDay(day: InsightDay): unknown[] {
  const { spend, impressions, clicks, leads, reach, frequency, status, daily_budget } = day;
  return [spend, impressions, clicks, leads, reach, frequency, status, daily_budget];
}

function unpackedDays(item: Item, month: string, { from, to }: DayRange): InsightDay[] {
  const days: InsightDay[] = [];
  for (let n = 1; n <= 31; n++) {
    const number = String(n).padStart(2, '0');
    const packed = item[`d${number}`];
    const date = `${month}-${number}`;
    if (packed === undefined || date < from || date > to) continue;
    // Only `put` writes these items.
    const [spend, impressions, clicks, leads, reach, frequency, status, daily_budget] = packed as [
      ...[number, number, number, number],
      ...[InsightDay['reach'], InsightDay['frequency'], InsightDay['status'], InsightDay['daily_budget']],
    ];
    days.push({ date, spend, impressions, clicks, leads, reach, frequency, status, daily_budget });
  }
  return days;
}

function definedOnly(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
