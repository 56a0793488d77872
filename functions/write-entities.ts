import type { EntitiesManifest, RunPlan } from './contracts/artifacts.ts';
import { runKeys } from './contracts/keys.ts';
import { EntityPartials } from './features/entity-partials.ts';
import { type EntityTable, encodeEntityTable, ID_COLUMNS } from './features/entity-table.ts';
import { writeJson } from './json-objects.ts';
import type { ObjectStore } from './ports.ts';
import { writeParts } from './write-parts.ts';

const ARROW_TYPE = 'application/vnd.apache.arrow.file';

/** The entities of one bucket, as merging left them. */
export interface MergedBucket {
  readonly table: EntityTable;
  readonly referenceMs: number;
  readonly dropped?: Readonly<Record<string, number>>;
}

/** Writes the entity table of one bucket, and what the recipe is to be fitted on. */
export async function writeEntities(
  objects: ObjectStore,
  { run, recipe, columns, spec }: RunPlan,
  bucket: number,
  { table, referenceMs, dropped }: MergedBucket,
): Promise<void> {
  const keys = runKeys(run);
  const referenceAt = new Date(referenceMs).toISOString();
  const partials = new EntityPartials(spec, columns, referenceAt);
  partials.add(table);
  const parts = encodeEntityTable(table, columns, ID_COLUMNS[recipe]);
  await writeParts(objects, keys.entities(bucket), parts, ARROW_TYPE);
  const manifest: EntitiesManifest = {
    bucket,
    nEntities: table.nRows,
    referenceAt,
    ...(dropped && { dropped }),
    partials: partials.toJSON(),
  };
  await writeJson(objects, keys.entitiesManifest(bucket), manifest);
}
