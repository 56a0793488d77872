import type { EncodedVocabulary } from '../contracts/recipe.ts';

/** Different texts of one column that are counted; a column with more is no category. */
export const MOST_DISTINCT = 10_000;

/** Counts texts exactly up to a bound. Whether the bound is passed depends on the set of texts alone, not on the order. */
export class Vocabulary {
  #counts: Map<string, number> | null = new Map();

  add(text: string, count: number): void {
    if (this.#counts === null || count === 0) return;
    this.#counts.set(text, (this.#counts.get(text) ?? 0) + count);
    if (this.#counts.size > MOST_DISTINCT) this.#counts = null;
  }

  merge({ texts, counts }: EncodedVocabulary): void {
    if (texts === null) this.#counts = null;
    else for (const [i, text] of texts.entries()) this.add(text, counts[i]!);
  }

  /** Texts by count, most frequent first, equal counts by text; undefined beyond the bound. */
  ranked(): { readonly text: string; readonly count: number }[] | undefined {
    if (this.#counts === null) return undefined;
    return [...this.#counts]
      .map(([text, count]) => ({ text, count }))
      .sort((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1));
  }

  toJSON(): EncodedVocabulary {
    if (this.#counts === null) return { texts: null, counts: [] };
    const entries = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return { texts: entries.map(([text]) => text), counts: entries.map(([, count]) => count) };
  }
}
