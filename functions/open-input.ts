import type { EntityFile, OrderFile, OrdersPlan, PlannedFile, TablePlan } from './contracts/artifacts.ts';
import type { DatasetConfig } from './contracts/dataset.ts';
import type { RunRequest } from './contracts/workflow.ts';
import { InvalidDatasetError } from './errors.ts';
import { objectSource } from './input-file.ts';
import type { ObjectHead, ObjectStore } from './ports.ts';
import { readAhead } from './read-ahead.ts';
import { openTable, whyNotCut } from './tables/open-table.ts';
import { countOrderColumns, ORDER_ROLES, recogniseOrderColumns } from './tables/order-columns.ts';
import { orderFormats } from './tables/order-formats.ts';
import { EntityPlanner } from './tables/plan-entities.ts';
import { sampleRows } from './tables/sample-rows.ts';
import { TableProfile } from './tables/table-profile.ts';

/** Bytes of text that types are inferred from, shared out among the files; at least so many of each. */
const SAMPLE_BYTES = 32 * 1024 * 1024;
/** Of a file that is small, or can only be read from its beginning; what comes late must not be missed. */
const MOST_OF_A_FILE = 8 * 1024 * 1024;
/** Of a large file, in several places of it. */
const MOST_OF_PLACES = 1024 * 1024;
const LEAST_OF_A_FILE = 256 * 1024;

/** The files of a run, and how they are to be read. */
export type OpenedInput =
  | Pick<OrdersPlan, 'kind' | 'recipe' | 'files'>
  | Pick<TablePlan, 'kind' | 'recipe' | 'files' | 'entity'>;

/**
 * Looks at the files of a run and decides what their rows are: orders or one row per entity, as the configuration says,
 * else the request, else the header of the first file.
 * @throws InvalidDatasetError for files that cannot be read so
 */
export async function openInput(
  objects: ObjectStore,
  heads: readonly ObjectHead[],
  request: RunRequest,
  config: DatasetConfig,
): Promise<OpenedInput> {
  const opened: PlannedFile[] = [];
  const openedAt = async (i: number) => {
    const head = heads[i]!;
    return { ...head, layout: await openTable(objectSource(objects, head)) };
  };
  for await (const file of readAhead(heads.length, openedAt)) opened.push(file);
  const columns = withRoles(request, config);
  if (isOrders(opened[0]!, request, config, columns)) {
    const files: OrderFile[] = [];
    const orderFile = (i: number) => openOrders(objects, opened[i]!, columns);
    for await (const file of readAhead(opened.length, orderFile)) files.push(file);
    return { kind: 'orders', recipe: 'rfm', files };
  }
  const most = Math.floor(SAMPLE_BYTES / opened.length);
  const bytesOf = ({ layout, size }: PlannedFile) => {
    const isWhole = whyNotCut(layout) !== undefined || size <= MOST_OF_A_FILE;
    return Math.max(LEAST_OF_A_FILE, Math.min(isWhole ? MOST_OF_A_FILE : MOST_OF_PLACES, most));
  };
  const planner = new EntityPlanner();
  // One after the other: a profile may take many megabytes.
  for (const file of opened) {
    planner.add(file.key, file.layout.header, await profileOf(objects, file, bytesOf(file)));
  }
  const { kind, entity, cells } = planner.plan(columnsOf(request, config));
  const files = opened.map((file, i): EntityFile => ({ ...file, cells: cells[i]! }));
  return { kind, recipe: 'table', files, entity };
}

type OrderRoles = NonNullable<RunRequest['columns']>;

/** Columns of the request; what it leaves open may stand in the configuration. */
function withRoles({ columns = {} }: RunRequest, { idColumn, timeColumn }: DatasetConfig): OrderRoles {
  return {
    ...(idColumn === undefined ? {} : { customerId: idColumn }),
    ...(timeColumn === undefined ? {} : { orderedAt: timeColumn }),
    ...columns,
  };
}

/** The configuration for a table; a request may name the id and the time by the roles that orders have. */
function columnsOf({ columns = {} }: RunRequest, config: DatasetConfig): DatasetConfig {
  const idColumn = columns.customerId ?? config.idColumn;
  const timeColumn = columns.orderedAt ?? config.timeColumn;
  return { ...config, ...(idColumn && { idColumn }), ...(timeColumn && { timeColumn }) };
}

function isOrders(
  { key, layout }: PlannedFile,
  request: RunRequest,
  { kind }: DatasetConfig,
  columns: OrderRoles,
): boolean {
  if (kind !== undefined) return kind === 'orders';
  if (request.recipe !== undefined) return request.recipe === 'rfm';
  try {
    recogniseOrderColumns(layout.header, columns, key);
    return true;
  } catch (error) {
    if (!(error instanceof InvalidDatasetError)) throw error;
    // Whoever names the columns of an order means orders, and is told what is wrong with the names.
    const { quantity, unitPrice, orderId } = request.columns ?? {};
    const isMeant = error.context.reason === 'duplicate_column' || Boolean(quantity ?? unitPrice ?? orderId);
    // Order lines with one column under a strange name are no table of customers: better a question than nonsense.
    return isMeant || countOrderColumns(layout.header) >= ORDER_ROLES.length - 1;
  }
}

async function openOrders(objects: ObjectStore, file: PlannedFile, asked: OrderRoles): Promise<OrderFile> {
  const { key, layout } = file;
  const columns = recogniseOrderColumns(layout.header, asked, key);
  const selected = ORDER_ROLES.map((role) => layout.header.indexOf(columns[role]));
  const formats = await orderFormats(sampleRows(objectSource(objects, file), layout, selected), key, columns);
  return { ...file, columns, formats };
}

async function profileOf(objects: ObjectStore, file: PlannedFile, bytes: number): Promise<TableProfile> {
  const { layout } = file;
  const profile = new TableProfile(layout.header);
  const all = layout.header.map((_, i) => i);
  for await (const batch of sampleRows(objectSource(objects, file), layout, all, bytes)) profile.add(batch);
  return profile;
}
