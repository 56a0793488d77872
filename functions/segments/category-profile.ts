import type { EncodedVocabulary } from '../contracts/recipe.ts';
import type { EntityTable, EntityValues } from '../features/entity-table.ts';
import { Vocabulary } from '../features/vocabulary.ts';

/** Values of a segment that are told, per column. */
const TOLD = 5;

/** Rows of one segment by text of each column, and rows without one: merges with others in any order. */
export interface PartialCategories {
  readonly segmentId: number;
  readonly columns: Readonly<Record<string, { readonly texts: EncodedVocabulary; readonly missing: number }>>;
}

/** A text and the share of the rows that have it, 0..1. */
export interface CategoryShare {
  readonly value: string;
  readonly share: number;
}

/** Rows per text over all segments, most frequent first; undefined where there are too many different ones. */
export interface CategoryCounts {
  readonly ranked: readonly { readonly text: string; readonly count: number }[] | undefined;
  readonly missing: number;
}

interface Counted {
  readonly texts: Vocabulary;
  missing: number;
}

/** Counts the texts of categories and lists per segment; an entry counts once per row. */
export class CategoryProfiles {
  readonly #names: readonly string[];
  readonly #segments: readonly ReadonlyMap<string, Counted>[];

  constructor(nClusters: number, names: readonly string[]) {
    this.#names = names;
    this.#segments = Array.from(
      { length: nClusters },
      () => new Map(names.map((name) => [name, { texts: new Vocabulary(), missing: 0 }])),
    );
  }

  addRows(labels: Int32Array, table: EntityTable): void {
    for (const name of this.#names) {
      const column = table.columns.get(name);
      if (column === undefined || 'values' in column) continue;
      const width = column.dictionary.length;
      const counts = new Float64Array(width * this.#segments.length);
      for (const [row, label] of labels.entries()) {
        const codes = codesOf(column, row);
        if (codes === undefined) this.#segments[label]!.get(name)!.missing++;
        else for (const code of codes) counts[label * width + code]!++;
      }
      for (const [segmentId, columns] of this.#segments.entries()) {
        const { texts } = columns.get(name)!;
        for (const [code, text] of column.dictionary.entries())
          texts.add(text, counts[segmentId * width + code]!);
      }
    }
  }

  merge(partials: readonly PartialCategories[]): void {
    for (const { segmentId, columns } of partials) {
      for (const [name, { texts, missing }] of Object.entries(columns)) {
        const counted = this.#segments[segmentId]?.get(name);
        if (counted === undefined) continue;
        counted.texts.merge(texts);
        counted.missing += missing;
      }
    }
  }

  toJSON(): PartialCategories[] {
    return this.#segments.map((columns, segmentId) => ({
      segmentId,
      columns: Object.fromEntries(
        [...columns].map(([name, { texts, missing }]) => [name, { texts: texts.toJSON(), missing }]),
      ),
    }));
  }

  /** The most frequent texts of a segment of `size` rows, by column; columns of too many texts are left out. */
  top(segmentId: number, size: number): Record<string, CategoryShare[]> {
    return Object.fromEntries(
      [...this.#segments[segmentId]!].flatMap(([name, { texts }]) => {
        const ranked = texts.ranked();
        if (ranked === undefined) return [];
        return [
          [name, ranked.slice(0, TOLD).map(({ text, count }) => ({ value: text, share: count / size }))],
        ];
      }),
    );
  }

  /** One column over all segments. */
  population(name: string): CategoryCounts {
    const texts = new Vocabulary();
    let missing = 0;
    for (const columns of this.#segments) {
      const counted = columns.get(name);
      if (counted === undefined) continue;
      texts.merge(counted.texts.toJSON());
      missing += counted.missing;
    }
    return { ranked: texts.ranked(), missing };
  }
}

/** Different codes of one row; undefined where it has no value. */
function codesOf(
  column: Exclude<EntityValues, { values: Float64Array }>,
  row: number,
): Iterable<number> | undefined {
  if (column.type === 'category') return column.codes[row]! < 0 ? undefined : [column.codes[row]!];
  if (column.nulls?.[row] === 1) return undefined;
  return new Set(column.codes.subarray(column.offsets[row], column.offsets[row + 1]));
}
