import type {
  EntityCell,
  EntityColumn,
  FeatureSpec,
  FittedRecipe,
  RecipeSpec,
} from '../../functions/contracts/recipe.ts';
import { applyRecipe } from '../../functions/features/apply-recipe.ts';
import { EntityPartials } from '../../functions/features/entity-partials.ts';
import type { EntityTable, EntityValues } from '../../functions/features/entity-table.ts';
import { fitRecipe } from '../../functions/features/fit-recipe.ts';

/** A row as a person writes it. */
export type Row = Readonly<Record<string, EntityCell>>;

/** An entity table of these rows. */
export function tableOf(columns: readonly EntityColumn[], rows: readonly Row[]): EntityTable {
  const values = ({ name, type }: EntityColumn): EntityValues => {
    const cells = rows.map((row) => row[name] ?? null);
    if (type === 'category') {
      const dictionary = [...new Set(cells.filter((cell) => cell !== null))] as string[];
      return {
        type,
        dictionary,
        codes: Int32Array.from(cells, (cell) => dictionary.indexOf(cell as string)),
      };
    }
    if (type === 'list') {
      const lists = cells.map((cell) => (cell ?? []) as readonly string[]);
      const dictionary = [...new Set(lists.flat())];
      const offsets = new Int32Array(rows.length + 1);
      lists.forEach((list, i) => {
        offsets[i + 1] = offsets[i]! + list.length;
      });
      const codes = Int32Array.from(lists.flat(), (entry) => dictionary.indexOf(entry));
      return {
        type,
        offsets,
        codes,
        dictionary,
        nulls: Uint8Array.from(cells, (cell) => (cell === null ? 1 : 0)),
      };
    }
    return {
      type,
      values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : (cell as number))),
    };
  };
  return {
    nRows: rows.length,
    ids: rows.map((_, i) => String(i)),
    columns: new Map(columns.map((column) => [column.name, values(column)])),
  };
}

/** A column of this name and type. */
export const column = (name: string, type: EntityColumn['type'], unit = ''): EntityColumn => ({
  name,
  type,
  unit,
  source: name,
});

/** What a test says of a recipe. */
export interface Fitting {
  readonly columns: readonly EntityColumn[];
  readonly specs: readonly FeatureSpec[];
  readonly rows: readonly Row[];
  readonly scaling?: RecipeSpec['scaling'];
  readonly timeZone?: string;
  readonly selection?: RecipeSpec['selection'];
  readonly referenceAt?: string;
  /** Parts that the rows are shared out to. */
  readonly shards?: number;
}

/** Fits a recipe as the workflow does: partials of every shard, merged. */
export function fitRows({
  columns,
  specs,
  rows,
  scaling = 'none',
  timeZone = 'UTC',
  selection,
  referenceAt = '2026-01-01T00:00:00.000Z',
  shards = 1,
}: Fitting): FittedRecipe {
  const spec: RecipeSpec = { scaling, timeZone, specs, selection };
  const partials = Array.from({ length: shards }, (_, shard) => {
    const partial = new EntityPartials(spec, columns, referenceAt);
    partial.add(
      tableOf(
        columns,
        rows.filter((_row, i) => i % shards === shard),
      ),
    );
    return JSON.parse(JSON.stringify(partial));
  });
  const sample = tableOf(columns, rows.slice(0, 10_000));
  return fitRecipe(spec, { recipe: 'table', columns, partials, referenceAt, sample });
}

/** Feature columns by name. */
export function features(fitting: Fitting): Record<string, number[]> {
  const recipe = fitRows(fitting);
  const columns = applyRecipe(recipe, tableOf(fitting.columns, fitting.rows));
  return Object.fromEntries(recipe.features.map(({ name }, f) => [name, Array.from(columns[f]!)]));
}
