import type { LevelBound } from './lead-name-rules.ts';
import type { LocalizedText } from './localized-text.ts';
import type { LevelAxis } from './segment-levels.ts';

/** What a recommendation is about. */
export type RecommendationKind = 'action' | 'bid' | 'campaign';

/**
 * One recommendation, given when all bounds hold; of those without bounds the first, where none with bounds is given. `{channel}`
 * in a text needs a dominant source, `{traits}` something that sets the segment apart.
 */
export interface RecommendationRule {
  readonly id: string;
  readonly kind: RecommendationKind;
  readonly bounds: readonly LevelBound[];
  readonly text: LocalizedText;
}

/** A bound from a cut point on, and one below it. */
export const atLeast = (axis: LevelAxis, cut: number): LevelBound => ({ axis, side: 'atLeast', cut });
export const below = (axis: LevelAxis, cut: number): LevelBound => ({ axis, side: 'below', cut });
/** A rule with its text in three languages. */
export const rule = (
  kind: RecommendationKind,
  id: string,
  bounds: readonly LevelBound[],
  ptBR: string,
  en: string,
  es: string,
): RecommendationRule => ({ id, kind, bounds, text: { 'pt-BR': ptBR, en, es } });
