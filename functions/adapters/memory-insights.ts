import type { AccountRef, DayRange, EntityType } from '../contracts/campaign-entities.ts';
import type { CampaignEntity, InsightDay } from '../contracts/campaign-insights.ts';
import { decodeCursor, encodeCursor } from '../page-cursor.ts';
import type { InsightStore } from '../ports.ts';
import { entityList } from './dynamodb-insights.ts';
import { insightMonths, monthsIn } from './insight-months.ts';

interface Account extends AccountRef {
  /** By entity type, then by id. */
  readonly entities: Map<string, Map<string, CampaignEntity>>;
  /** By entity type, then by id, then by ISO day. */
  readonly days: Map<string, Map<string, Map<string, InsightDay>>>;
}

/** Insights in memory: a map of days per entity. */
export function memoryInsights(): InsightStore {
  const accounts = new Map<string, Account>();
  const of = ({ tenant, configId }: AccountRef) => accounts.get(`${tenant}/${configId}`);
  const refs = () =>
    [...accounts.values()].map(({ tenant, configId }) => ({ tenant, configId })).sort(byTenantAndNumber);
  const daysOf = (account: AccountRef, type: EntityType, entityId: string, { from, to }: DayRange) =>
    [...(of(account)?.days.get(type)?.get(entityId)?.values() ?? [])]
      .filter(({ date }) => date >= from && date <= to)
      .sort((a, b) => (a.date < b.date ? -1 : 1));

  return {
    async put({ tenant, configId }, insights) {
      const key = `${tenant}/${configId}`;
      const account = accounts.get(key) ?? { tenant, configId, entities: new Map(), days: new Map() };
      accounts.set(key, account);
      const touched = new Set<string>();
      let count = 0;
      for (const { insight, days } of insightMonths(insights)) {
        const { entity_type, entity_id, name, campaign_id, adset_id } = insight;
        const entities = inner(account.entities, entity_type);
        entities.set(entity_id, {
          ...entities.get(entity_id),
          entity_type,
          entity_id,
          ...(name !== undefined && { name }),
          ...(campaign_id !== undefined && { campaign_id }),
          ...(adset_id !== undefined && { adset_id }),
        });
        const ofType = inner(account.days, entity_type);
        const ofEntity = inner(ofType, entity_id);
        for (const [date, day] of days) ofEntity.set(date, structuredClone(day));
        touched.add(`${entity_type}/${entity_id}`);
        count += days.size;
      }
      return { days: count, entities: touched.size };
    },
    async *days(account, type, range) {
      for (const month of monthsIn(range)) {
        for (const entityId of of(account)?.days.get(type)?.keys() ?? []) {
          const days = daysOf(account, type, entityId, range).filter(({ date }) => date.startsWith(month));
          if (days.length > 0) yield { entityId, days: structuredClone(days) };
        }
      }
    },
    async entityDays(account, type, entityId, range) {
      return structuredClone(daysOf(account, type, entityId, range));
    },
    async entity(account, type, entityId) {
      return structuredClone(of(account)?.entities.get(type)?.get(entityId));
    },
    async entities(account, type, { limit, cursor }) {
      const list = entityList(account.configId, type);
      const [after = ''] = cursor === undefined ? [] : decodeCursor(account.tenant, list, cursor);
      const sorted = [...(of(account)?.entities.get(type)?.values() ?? [])]
        .filter(({ entity_id }) => entity_id > after)
        .sort((a, b) => (a.entity_id < b.entity_id ? -1 : 1));
      const items = structuredClone(sorted.slice(0, limit));
      const last = items.at(-1);
      if (last === undefined || sorted.length <= limit) return { items };
      return { items, cursor: encodeCursor(account.tenant, list, [last.entity_id]) };
    },
    async accounts(tenant) {
      return refs().filter((account) => account.tenant === tenant);
    },
    async allAccounts() {
      return refs();
    },
  };
}

function byTenantAndNumber(a: AccountRef, b: AccountRef): number {
  if (a.tenant !== b.tenant) return a.tenant < b.tenant ? -1 : 1;
  return a.configId - b.configId;
}

/** The map at a key, made at its first use. */
function inner<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = maps.get(key) ?? new Map<string, V>();
  maps.set(key, found);
  return found;
}
