import { nearestCenter } from '../clustering/nearest-center.ts';
import type { EntityCell } from '../contracts/recipe.ts';
import type { CustomerCells } from './lead-columns.ts';
import { type MovableRecipe, numberRange, otherCells } from './legal-moves.ts';

/** A change of one column that moves a customer to another segment. */
export interface SmallestChange {
  /** Column of the entity table. */
  readonly column: string;
  readonly unit: string;
  readonly from: EntityCell;
  /** The nearest value to `from` that moves the customer; applying it has been tried. */
  readonly to: EntityCell;
  /** Cluster the customer moves to. */
  readonly cluster: number;
  /** How far the change moves the customer, in scaled units: what makes changes of different columns comparable. */
  readonly displacement: number;
}

/** A model as far as changes are tried on it. */
export interface TriedModel {
  readonly recipe: MovableRecipe;
  readonly centers: readonly ArrayLike<number>[];
  /** Kernel features of one customer: the fitted recipe applied. */
  readonly prepare: (cells: CustomerCells) => ArrayLike<number>;
  /** Columns whose numbers change in whole steps only, such as counts. */
  readonly wholeColumns?: ReadonlySet<string>;
}

/** Halvings that part any two float64 numbers of one sign and magnitude; beyond it the gap is nothing to anybody. */
const MAX_HALVINGS = 200;

/**
 * For each column the smallest legal change that moves the customer, the smallest first; columns that cannot move it
 * alone are left out. Numbers stay within what the fitted data holds; categories switch to a value the recipe knows; lists
 * gain or lose one entry; times shift by whole hours or days; missing values stay missing. The region of a center is
 * convex, so along one number the customer leaves it once, and halving the way finds where.
 * @throws what `prepare` throws
 */
export function smallestChanges(model: TriedModel, cells: CustomerCells): SmallestChange[] {
  const { recipe, centers, prepare, wholeColumns } = model;
  const origin = prepare(cells);
  const { label: cluster } = nearestCenter(origin, centers);
  const tryCell = (column: string, to: EntityCell) => {
    const moved = prepare({ ...cells, [column]: to });
    const { label } = nearestCenter(moved, centers);
    return { to, cluster: label, displacement: Math.sqrt(squaredDistance(origin, moved)) };
  };
  return recipe.columns
    .flatMap((column) => {
      const { name, type, unit } = column;
      const from = cells[name] ?? null;
      const tried =
        type === 'number'
          ? numbersThatMove(
              recipe,
              name,
              from,
              wholeColumns?.has(name) ?? false,
              (to) => tryCell(name, to).cluster !== cluster,
            )
          : otherCells(recipe, column, from);
      const [smallest] = tried
        .map((to) => tryCell(name, to))
        .filter((change) => change.cluster !== cluster)
        .sort((a, b) => a.displacement - b.displacement);
      return smallest === undefined ? [] : [{ column: name, unit, from, ...smallest }];
    })
    .sort((a, b) => a.displacement - b.displacement);
}

/** The nearest numbers above and below that move the customer. */
function numbersThatMove(
  recipe: MovableRecipe,
  column: string,
  from: EntityCell,
  isWhole: boolean,
  moves: (to: number) => boolean,
): number[] {
  const range = numberRange(recipe, column);
  if (typeof from !== 'number' || range === undefined) return [];
  return [range.min, range.max]
    .map((end) => (isWhole ? from + Math.trunc(end - from) : end))
    .filter((end, side) => (side === 0 ? end < from : end > from) && moves(end))
    .map((end) => firstThatMoves(from, end, isWhole, moves));
}

/** Halves the way from a number that does not move the customer to one that does. */
function firstThatMoves(from: number, end: number, isWhole: boolean, moves: (to: number) => boolean): number {
  let stays = from;
  let goes = end;
  for (let i = 0; i < MAX_HALVINGS; i++) {
    const half = (goes - stays) / 2;
    const middle = stays + (isWhole ? Math.trunc(half) : half);
    if (middle === stays || middle === goes) break;
    if (moves(middle)) goes = middle;
    else stays = middle;
  }
  return goes;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let f = 0; f < a.length; f++) sum += (a[f]! - b[f]!) ** 2;
  return sum;
}
