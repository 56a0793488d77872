/** Where a customer was or is: a cluster from 0, −1 for noise, `absent` when not in that run at all. */
export const ABSENT = -2;
/** DBSCAN's label of rows in no cluster. */
export const NOISE = -1;

/** How many customers went from one cluster to another: a document that merges with others in any order. */
export interface PartialMembership {
  readonly cells: readonly (readonly [from: number, to: number, count: number])[];
}

/** Labels of one run over some customers; ids in any order, each once. */
export interface LabelledCustomers {
  readonly ids: readonly string[];
  /** A cluster from 0, or −1 for noise. */
  readonly labels: ArrayLike<number>;
}

/** Contingency counts of two runs over the same dataset, collected bucket by bucket. */
export class MembershipCounts {
  readonly #counts = new Map<number, Map<number, number>>();

  /** Reads what workers counted, in any order. */
  static from(partials: Iterable<PartialMembership>): MembershipCounts {
    const whole = new MembershipCounts();
    for (const { cells } of partials) {
      for (const [from, to, count] of cells) whole.add(from, to, count);
    }
    return whole;
  }

  /** Counts customers that went from one label to another (−1 noise, −2 absent). */
  add(from: number, to: number, count = 1): void {
    const row = this.#counts.get(from) ?? new Map<number, number>();
    this.#counts.set(from, row);
    row.set(to, (row.get(to) ?? 0) + count);
  }

  /** Counts the customers of one bucket. A customer has one bucket in both runs when they have as many buckets. */
  addBucket(before: LabelledCustomers, after: LabelledCustomers): void {
    const previous = new Map(before.ids.map((id, i) => [id, before.labels[i]!]));
    after.ids.forEach((id, i) => {
      this.add(previous.get(id) ?? ABSENT, after.labels[i]!);
      previous.delete(id);
    });
    for (const label of previous.values()) this.add(label, ABSENT);
  }

  /** Customers with both labels. */
  count(from: number, to: number): number {
    return this.#counts.get(from)?.get(to) ?? 0;
  }

  /** Cells in ascending order of (from, to). */
  toJSON(): PartialMembership {
    const cells = [...this.#counts].flatMap(([from, row]) =>
      [...row].map(([to, count]) => [from, to, count] as const),
    );
    return { cells: cells.sort(([a, b], [c, d]) => a - c || b - d) };
  }
}
