import type { CalendarPart, FeatureSpec, FeatureStep, RecipeSpec } from '../contracts/recipe.ts';
import { PERIODS } from './calendar.ts';

/** A number per row that a spec asks for, before anything about it is fitted; NaN where it is missing. */
export interface UnfittedFeature {
  readonly name: string;
  readonly unit: string;
  readonly source: string;
  readonly steps: readonly FeatureStep[];
  /** 0/1 by nature: kept as it is unless the spec names a scaling. */
  readonly isFlag: boolean;
}

const PART_UNITS: Readonly<Record<CalendarPart, string>> = {
  hour_of_day: 'hours',
  day_of_week: 'days from Monday',
  day_of_month: 'days',
  month: 'months',
  is_weekend: '0/1',
  is_business_hours: '0/1',
};

/**
 * The numbers that a spec makes of its column without fitting. One-hot columns and list members are not among them:
 * which there are depends on the data.
 * @param unit of the column
 * @param referenceAt ISO 8601 instant that recency is counted to
 */
export function unfittedFeatures(
  spec: FeatureSpec,
  { timeZone }: Pick<RecipeSpec, 'timeZone'>,
  referenceAt: string,
  unit: string,
): UnfittedFeature[] {
  const { column } = spec;
  const one = (
    name: string,
    own: string,
    steps: readonly FeatureStep[],
    isFlag = false,
  ): UnfittedFeature[] => [{ name, unit: own, source: column, steps, isFlag }];
  switch (spec.kind) {
    case 'numeric': {
      const invert: FeatureStep[] = spec.invert === undefined ? [] : [{ step: 'invert', from: spec.invert }];
      return one(column, unit, [{ step: 'value' }, ...invert]);
    }
    case 'ordinal':
      return one(column, 'position', [{ step: 'ordinal', order: spec.order }]);
    case 'boolean':
      return one(column, '0/1', [{ step: 'value' }], true);
    case 'recency':
      return one(spec.name ?? `${column}_days_since`, 'days', [{ step: 'recency', referenceAt }]);
    case 'list':
      return one(`${column}_count`, 'entries', [{ step: 'length' }]);
    case 'calendar':
      return spec.parts.flatMap((part) => {
        const read: FeatureStep = { step: 'calendar', part, timeZone };
        const period = PERIODS[part];
        const isFlag = period === undefined;
        if (isFlag || !spec.cyclic) return one(part, PART_UNITS[part], [read], isFlag);
        return (['sin', 'cos'] as const).flatMap((wave) =>
          one(`${part}_${wave}`, wave, [read, { step: 'cycle', wave, period }]),
        );
      });
    default:
      return [];
  }
}
