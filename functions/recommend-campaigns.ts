import {
  accountCpl30d,
  type RecommendationFacts,
  recommendationFacts,
} from './campaigns/recommendation-facts.ts';
import {
  firingRules,
  RECOMMENDATION_BOUNDS,
  type RecommendationRule,
} from './campaigns/recommendation-rules.ts';
import { reasoningOf, recommendationText } from './campaigns/recommendation-texts.ts';
import { COLLECTION, documentId, documentRef, idsBelow } from './contracts/campaign-collections.ts';
import type { AccountRef } from './contracts/campaign-entities.ts';
import type { Classification, Recommendation } from './contracts/campaign-records.ts';
import { inParallel } from './in-parallel.ts';
import { judgeAccount, newestClassifications } from './judge-campaigns.ts';
import type { AnalysisPorts, CampaignDocument, Ports } from './ports.ts';

type Stores = Pick<AnalysisPorts, 'insights' | 'campaignDocuments' | 'objects'>;
type RecommendationDocument = CampaignDocument<Recommendation>;

const DAY_MS = 86_400_000;

/** Labels of recommendations. */
export const ACTIVE = 'active';
export const CLOSED = 'closed';

/** Whether a recommendation still asks for a decision. */
export function isOpen({ is_active, expires_at }: Recommendation, at: Date): boolean {
  return is_active && (expires_at === null || Date.parse(expires_at) > at.getTime());
}

/** What a generation is asked for. */
export interface RecommendRequest {
  readonly asOf: string;
  readonly at: Date;
  readonly campaignIds?: readonly string[] | undefined;
}

/** What a generation did. */
export interface RecommendedAccount {
  readonly issued: readonly Recommendation[];
  /** Fired, but active already, or decided on and not yet expired. */
  readonly known: number;
}

/**
 * Issues what the rules recommend for the campaigns of an account. One of a kind per campaign is active at a time, at
 * most three per campaign; one that was applied or dismissed comes again only when it would have expired.
 */
export async function recommendCampaigns(
  stores: Stores,
  account: AccountRef,
  request: RecommendRequest,
): Promise<RecommendedAccount> {
  const [judged, former] = await Promise.all([
    judgeAccount(stores, account, { asOf: request.asOf, method: 'auto' }),
    newestClassifications(stores, account),
  ]);
  const { entityIds } = judged.features;
  const daysInTier = new Map(
    entityIds.map((id, entity) => [id, daysOf(judged.verdicts[entity]?.tier, former.get(id), request.at)]),
  );
  const sources = { ...judged, daysInTier, accountCpl30d: accountCpl30d(judged.columns) };
  const asked = request.campaignIds && new Set(request.campaignIds);
  const candidates = entityIds.flatMap((id, entity) => {
    if (asked && !asked.has(id)) return [];
    const facts = recommendationFacts(sources, entity);
    const rules = firingRules(facts);
    return rules.length > 0 ? [{ id, facts, rules }] : [];
  });
  const results = await inParallel(candidates, (candidate) => issue(stores, account, request, candidate));
  return {
    issued: results.flatMap(({ issued }) => issued),
    known: results.reduce((sum, { known }) => sum + known, 0),
  };
}

interface Candidate {
  readonly id: string;
  readonly facts: RecommendationFacts;
  readonly rules: readonly RecommendationRule[];
}

async function issue(
  { campaignDocuments: store }: Stores,
  { tenant, configId }: AccountRef,
  { at }: RecommendRequest,
  { id, facts, rules }: Candidate,
): Promise<{ issued: Recommendation[]; known: number }> {
  const collection = COLLECTION.recommendations(configId);
  const active = await store.list<Recommendation>(tenant, collection, {
    ...idsBelow('campaign', id),
    label: ACTIVE,
    limit: 100,
  });
  let room: number = RECOMMENDATION_BOUNDS.mostPerCampaign;
  for (const document of active.items) {
    if (isOpen(document.value, at)) room--;
    // Lost to another writer, it was decided on or closed by that one.
    else await store.write(closed(document, {}));
  }
  const issued: Recommendation[] = [];
  let known = 0;
  for (const rule of rules) {
    const newest = await store.list<Recommendation>(tenant, collection, {
      ...idsBelow('campaign', id, rule.type),
      descending: true,
      limit: 1,
    });
    const before = newest.items[0];
    const { expires_at: until = null } = before?.value ?? {};
    if (until !== null && Date.parse(until) > at.getTime()) {
      known++;
      continue;
    }
    if (room === 0) continue;
    const number = String(Number(before?.id.split('#').at(-1) ?? 0) + 1).padStart(6, '0');
    const documentKey = documentId('campaign', id, rule.type, number);
    const value = recommendationOf(rule, facts, { configId, entityId: id, documentKey, at });
    const document = { tenant, collection, id: documentKey, label: ACTIVE, revision: 1, value };
    // False: somebody else issued it at the same moment.
    if (!(await store.write(document))) known++;
    else {
      issued.push(value);
      room--;
    }
  }
  return { issued, known };
}

/** The document after a decision, or at its expiry. */
export function closed(
  document: RecommendationDocument,
  changes: Partial<Recommendation>,
): RecommendationDocument {
  return {
    ...document,
    label: CLOSED,
    revision: document.revision + 1,
    value: { ...document.value, is_active: false, ...changes },
  };
}

/** Closes what has expired, so that lists of active ones stay short. Resolves to how many. */
export async function closeExpired(
  store: Ports['campaignDocuments'],
  { tenant, configId }: AccountRef,
  at: Date,
): Promise<number> {
  const collection = COLLECTION.recommendations(configId);
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await store.list<Recommendation>(tenant, collection, { label: ACTIVE, limit: 1000, cursor });
    const expired = page.items.filter(({ value }) => !isOpen(value, at));
    await inParallel(expired, (document) => store.write(closed(document, {})));
    count += expired.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}

interface Place {
  readonly configId: number;
  readonly entityId: string;
  readonly documentKey: string;
  readonly at: Date;
}

function recommendationOf(
  rule: RecommendationRule,
  facts: RecommendationFacts,
  { configId, entityId, documentKey, at }: Place,
): Recommendation {
  const { title, description, action } = recommendationText(rule.type, facts);
  return {
    id: documentRef(configId, documentKey),
    config_id: configId,
    entity_type: 'campaign',
    entity_id: entityId,
    recommendation_type: rule.type,
    priority: rule.priority,
    title,
    description,
    suggested_action: { ...action },
    confidence_score: rule.confidence(facts),
    reasoning: { rule: rule.condition, ...reasoningOf(rule.reasons, facts) },
    is_active: true,
    was_applied: false,
    applied_at: null,
    applied_by: null,
    dismissed: false,
    dismissed_at: null,
    dismissed_by: null,
    dismissed_reason: null,
    created_at: at.toISOString(),
    expires_at: new Date(at.getTime() + rule.expiresInDays * DAY_MS).toISOString(),
  };
}

function daysOf(tier: string | undefined, former: Classification | undefined, at: Date): number {
  if (!former || former.tier !== tier) return 0;
  return Math.max(0, Math.floor((at.getTime() - Date.parse(former.tier_since)) / DAY_MS));
}
