import type { DatasetInference } from './contracts/api-datasets.ts';
import type { OrdersPlan, TablePlan } from './contracts/artifacts.ts';
import { type ColumnConfig, type DatasetConfig, datasetConfigSchema } from './contracts/dataset.ts';

type Told = 'kind' | 'recipe' | 'columns' | 'spec' | 'config' | 'files';

/** Parts of a plan that tell what was found in the files. */
export type PlannedTable = Pick<OrdersPlan, Told> | Pick<TablePlan, Told | 'entity'>;

/**
 * What a plan decided on its own, as a configuration that would decide the same again; what the plan's configuration
 * says stays as it is.
 */
export function inferenceOf(plan: PlannedTable): DatasetInference {
  const { kind, columns, spec, config } = plan;
  const entity = plan.recipe === 'table' ? plan.entity : undefined;
  const order = plan.recipe === 'rfm' ? plan.files[0]?.columns : undefined;
  const decided = entity
    ? {
        idColumn: entity.idColumn,
        timeColumn: entity.timeColumn,
        maxDataAgeMonths: entity.maxDataAgeMonths,
        columns: columnsOf(entity),
      }
    : { idColumn: order?.customerId, timeColumn: order?.orderedAt };
  const found = Object.fromEntries(
    Object.entries(decided).filter(([name, value]) => value != null || name === 'maxDataAgeMonths'),
  );
  const saved: DatasetConfig = datasetConfigSchema.parse({
    kind,
    scaling: spec.scaling,
    ...found,
    ...config,
    ...(entity && { columns: { ...columnsOf(entity), ...config.columns } }),
  });
  return {
    config: saved,
    columns: columns.map(({ name, type, unit, source }) => ({ name, type, unit, source })),
    ignored: [...(entity?.ignored ?? [])],
    assumedMissing: [...(entity?.assumedMissing ?? [])],
    features: [...spec.specs],
  };
}

function columnsOf({ columns, ignored }: TablePlan['entity']): Record<string, ColumnConfig> {
  return Object.fromEntries([
    ...columns.map(({ source, type, unit, missing, separator }): [string, ColumnConfig] => [
      source,
      {
        type,
        ...(unit !== '' && { unit }),
        ...(missing.length > 0 && { missing: [...missing] }),
        ...(separator !== null && { separator }),
      },
    ]),
    ...ignored.map(({ name }): [string, ColumnConfig] => [name, { type: 'ignore' }]),
  ]);
}
