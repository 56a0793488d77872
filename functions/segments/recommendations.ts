import type { LeadColumns } from './lead-columns.ts';
import { fillText, type Locale } from './localized-text.ts';
import type { RecommendationKind, RecommendationRule } from './recommendation-rule.ts';
import { RECOMMENDATION_RULES } from './recommendation-rules.ts';
import { dominantValue, type SegmentLevels } from './segment-levels.ts';
import { plainWord } from './segment-place.ts';
import type { Tally } from './segment-tally.ts';

/** What to do about a segment, on the wire; none of the lists is empty. */
export interface Recommendations {
  readonly action_recommendations: readonly string[];
  readonly bid_recommendations: readonly string[];
  readonly campaign_recommendations: readonly string[];
  /** Ids of the rules behind them, in the same order. */
  readonly rules: readonly string[];
}

/** Share of a segment's customers from which their source is worth a campaign of its own. */
const CHANNEL_SHARE = 0.5;
/** Traits that a recommendation names. */
const MOST_TRAITS = 3;

/**
 * Recommendations for one segment, from the table.
 * @param traits what sets the segment apart, in words, the furthest first
 */
export function recommend(
  levels: SegmentLevels,
  tally: Tally,
  columns: LeadColumns,
  locale: Locale,
  traits: readonly string[] = [],
  rules: readonly RecommendationRule[] = RECOMMENDATION_RULES,
): Recommendations {
  const source = dominantValue(tally, columns.source);
  const channel = source && source.share >= CHANNEL_SHARE ? plainWord(source.value) : undefined;
  const parts = {
    ...(channel !== undefined && { channel }),
    ...(traits.length > 0 && { traits: traits.slice(0, MOST_TRAITS).join(', ') }),
  };
  const holds = ({ bounds, text }: RecommendationRule) =>
    [...text.en.matchAll(/\{(\w+)\}/g)].every(([, part = '']) => Object.hasOwn(parts, part)) &&
    bounds.every(({ axis, side, cut }) => {
      const level = levels[axis]?.level;
      return level !== undefined && (side === 'atLeast' ? level >= cut : level < cut);
    });
  const chosen = (kind: RecommendationKind) => {
    const fitting = rules.filter((rule) => rule.kind === kind && holds(rule));
    const bounded = fitting.filter(({ bounds }) => bounds.length > 0);
    const given = bounded.length > 0 ? bounded : fitting.slice(0, 1);
    return kind === 'bid' ? given.slice(0, 1) : given;
  };
  const [actions, bids, campaigns] = [chosen('action'), chosen('bid'), chosen('campaign')];
  const texts = (given: readonly RecommendationRule[]) =>
    given.map(({ text }) => fillText(text, locale, parts));
  return {
    action_recommendations: texts(actions),
    bid_recommendations: texts(bids),
    campaign_recommendations: texts(campaigns),
    rules: [...actions, ...bids, ...campaigns].map(({ id }) => id),
  };
}
