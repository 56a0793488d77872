/** Where one customer of both runs is, by stable id (or any other name of a place), under either data and model. */
export interface MovePlaces {
  /** Former features, former model: where the customer was. */
  readonly before: number | string;
  /** New features, new model: where the customer is. */
  readonly after: number | string;
  /** New features, former model. */
  readonly newData: number | string | undefined;
  /** Former features, new model (that with the former number of clusters, where one was fitted). */
  readonly newCenters: number | string | undefined;
  /** New features, new model with the former number of clusters; only where the number changed and one was fitted. */
  readonly formerCount?: number | string | undefined;
}

/**
 * Why a customer moved. `data`: the former model moves the new features too, the new model leaves the former ones.
 * `centers`: the other way round. `either` alone moves the customer; only `together` do they. `count`: with as many
 * clusters as before nobody would have moved. `unknown`: former features or model are not at hand.
 */
export const MOVE_CAUSES = ['data', 'centers', 'either', 'together', 'count', 'unknown'] as const;
export type MoveCause = (typeof MOVE_CAUSES)[number];

/** Moves by cause; merges with others in any order. */
export type PartialMoveCauses = Readonly<Record<MoveCause, number>>;

/** How many moves are due to what: Shapley values, which sum to the moves. */
export interface MoveShares {
  readonly moved: number;
  /** Changed features of the customers. */
  readonly data: number;
  /** Moved centers. */
  readonly centers: number;
  /** Changed number of clusters. */
  readonly count: number;
  readonly unknown: number;
  readonly byCause: PartialMoveCauses;
}

/**
 * The cause of one move; undefined for a customer that stayed.
 * @param isLineage whether `after` is a part of a split, or the merger, of `before`, while the number of clusters changed
 */
export function causeOfMove(places: MovePlaces, isLineage: boolean): MoveCause | undefined {
  const { before, after, newData, newCenters, formerCount } = places;
  if (before === after) return undefined;
  if (formerCount === before || (formerCount === undefined && isLineage)) return 'count';
  if (newData === undefined || newCenters === undefined) return 'unknown';
  const movedByData = newData !== before;
  const movedByCenters = newCenters !== before;
  if (movedByData === movedByCenters) return movedByData ? 'either' : 'together';
  return movedByData ? 'data' : 'centers';
}

/** Counts moves by cause, bucket by bucket. */
export class MoveCauses {
  readonly #counts: Record<MoveCause, number> = {
    data: 0,
    centers: 0,
    either: 0,
    together: 0,
    count: 0,
    unknown: 0,
  };

  /** Counts one customer; who stayed counts under nothing. */
  add(places: MovePlaces, isLineage = false): void {
    const cause = causeOfMove(places, isLineage);
    if (cause !== undefined) this.#counts[cause]++;
  }

  /** Adds what another worker counted. */
  merge(partial: PartialMoveCauses): void {
    for (const cause of MOVE_CAUSES) this.#counts[cause] += partial[cause];
  }

  toJSON(): PartialMoveCauses {
    return { ...this.#counts };
  }

  /** The Shapley values of data and centers: where either suffices, or both are needed, each has half of the move. */
  shares(): MoveShares {
    const { data, centers, either, together, count, unknown } = this.#counts;
    const halves = (either + together) / 2;
    return {
      moved: data + centers + either + together + count + unknown,
      data: data + halves,
      centers: centers + halves,
      count,
      unknown,
      byCause: this.toJSON(),
    };
  }
}
