import {
  type DayRange,
  dayNumber,
  ENTITY_STATUSES,
  type EntityStatus,
} from '../contracts/campaign-entities.ts';
import type { InsightDay } from '../contracts/campaign-insights.ts';

/** Measures of a day, one matrix each. */
export const DAY_MEASURES = ['spend', 'impressions', 'clicks', 'leads', 'reach', 'frequency'] as const;
export type DayMeasure = (typeof DAY_MEASURES)[number];

/**
 * Days of many entities as columns: entity × day, row by row, so that a feature of all campaigns is one pass over
 * contiguous numbers.
 */
export interface InsightColumns {
  readonly entityIds: readonly string[];
  /** Days since 1970-01-01 of the first column. */
  readonly firstDay: number;
  readonly nDays: number;
  /** 1 where the day is there; its measures are NaN where it is not, or where they were not measured. */
  readonly present: Uint8Array;
  readonly measures: Readonly<Record<DayMeasure, Float64Array>>;
  /** Per entity, of the newest day that tells: place in `ENTITY_STATUSES`, −1 where no day does. */
  readonly status: Int8Array;
  /** Per entity, of the newest day that tells; NaN where no day does. */
  readonly dailyBudget: Float64Array;
}

interface Entity {
  readonly place: number;
  statusDay: number;
  status: number;
  budgetDay: number;
  budget: number;
}

/** Collects days of entities, in any order, into columns. Days outside the range are left out. */
export class InsightCollector {
  readonly #firstDay: number;
  readonly #nDays: number;
  readonly #entities = new Map<string, Entity>();
  #present: Uint8Array;
  #measures: Record<DayMeasure, Float64Array>;
  #room = 64;

  constructor({ from, to }: DayRange) {
    this.#firstDay = dayNumber(from);
    this.#nDays = Math.max(0, dayNumber(to) - this.#firstDay + 1);
    this.#present = new Uint8Array(this.#room * this.#nDays);
    this.#measures = matrices(() => new Float64Array(this.#room * this.#nDays).fill(Number.NaN));
  }

  /** Adds days of one entity; of a day given twice the later one holds. */
  add(entityId: string, days: readonly InsightDay[]): void {
    const entity = this.#entity(entityId);
    for (const day of days) {
      const number = dayNumber(day.date);
      const column = number - this.#firstDay;
      if (column < 0 || column >= this.#nDays) continue;
      const at = entity.place * this.#nDays + column;
      this.#present[at] = 1;
      for (const measure of DAY_MEASURES) this.#measures[measure][at] = day[measure] ?? Number.NaN;
      if (day.status !== null && number >= entity.statusDay) {
        entity.statusDay = number;
        entity.status = ENTITY_STATUSES.indexOf(day.status);
      }
      if (day.daily_budget !== null && number >= entity.budgetDay) {
        entity.budgetDay = number;
        entity.budget = day.daily_budget;
      }
    }
  }

  /** The columns, entities ascending by id whatever order they came in. */
  columns(): InsightColumns {
    const sorted = [...this.#entities].sort(([a], [b]) => (a < b ? -1 : 1));
    const n = this.#nDays;
    const rows = <A extends Uint8Array | Float64Array>(from: A, to: A): A => {
      for (const [row, [, { place }]] of sorted.entries()) {
        to.set(from.subarray(place * n, (place + 1) * n), row * n);
      }
      return to;
    };
    return {
      entityIds: sorted.map(([id]) => id),
      firstDay: this.#firstDay,
      nDays: n,
      present: rows(this.#present, new Uint8Array(sorted.length * n)),
      measures: matrices((measure) => rows(this.#measures[measure], new Float64Array(sorted.length * n))),
      status: Int8Array.from(sorted, ([, { status }]) => status),
      dailyBudget: Float64Array.from(sorted, ([, { budget }]) => budget),
    };
  }

  #entity(entityId: string): Entity {
    const found = this.#entities.get(entityId);
    if (found) return found;
    const place = this.#entities.size;
    const entity = { place, statusDay: -1, status: -1, budgetDay: -1, budget: Number.NaN };
    this.#entities.set(entityId, entity);
    if (place === this.#room) this.#grow();
    return entity;
  }

  #grow(): void {
    const former = this.#measures;
    const present = this.#present;
    this.#room *= 2;
    this.#present = new Uint8Array(this.#room * this.#nDays);
    this.#present.set(present);
    this.#measures = matrices((measure) => {
      const larger = new Float64Array(this.#room * this.#nDays).fill(Number.NaN);
      larger.set(former[measure]);
      return larger;
    });
  }
}

/** Status of an entity by name; undefined where no day tells. */
export function statusOf({ status }: InsightColumns, entity: number): EntityStatus | undefined {
  return ENTITY_STATUSES[status[entity] ?? -1];
}

function matrices(make: (measure: DayMeasure) => Float64Array): Record<DayMeasure, Float64Array> {
  return {
    spend: make('spend'),
    impressions: make('impressions'),
    clicks: make('clicks'),
    leads: make('leads'),
    reach: make('reach'),
    frequency: make('frequency'),
  };
}
