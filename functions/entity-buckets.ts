import { decodeArrow } from './arrow/ipc.ts';
import type { RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { decodeEntityTable, type EntityTable, ID_COLUMNS } from './features/entity-table.ts';
import type { ObjectStore } from './ports.ts';

/** The entity table of one bucket, as merging wrote it. @param mostRows of them, the first ones */
export async function readEntities(
  objects: ObjectStore,
  { run, recipe, columns }: Pick<RunPlan, 'run' | 'recipe' | 'columns'>,
  bucket: number,
  mostRows?: number,
): Promise<EntityTable> {
  const file = decodeArrow(await objects.read(runKeys(run).entities(bucket)), mostRows);
  return decodeEntityTable(file, columns, ID_COLUMNS[recipe]);
}
