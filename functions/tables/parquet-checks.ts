import { type ColumnMetaData, type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet';
import type { ChunkTraits } from './parquet-pages.ts';

/** Most rows of a row group: pandas wrote 64 Mi of them, writers of today a million. */
const MAX_GROUP_ROWS = 2 ** 31;
/** Most rows and values of a struct or map in a row group, which is in memory as a whole. */
const MAX_NESTED_ROWS = 1 << 24;
/** Most decimal places and digits; a decimal of 256 bits has 76. */
const MAX_SCALE = 76;
/** Most bytes of a value of fixed length. */
const MAX_FIXED_BYTES = 1 << 20;
const MAX_DEPTH = 32;
const MAGIC_BYTES = 4;

/**
 * Checks that metadata contradicts neither itself nor the size of its file, before anything is read by it.
 * @param end offset of the metadata in the file, where the columns end
 * @throws Error that says what is wrong
 */
export function requireSoundMetadata(metadata: FileMetaData, end: number): void {
  const announced = metadata.schema.reduce((sum, { num_children = 0 }) => sum + num_children, 0);
  if (
    announced !== metadata.schema.length - 1 ||
    metadata.schema.some(({ num_children = 0 }) => num_children < 0)
  ) {
    throw new Error(`its schema announces ${announced} fields and holds ${metadata.schema.length - 1}`);
  }
  const leaves = new Map<string, SchemaTree>();
  const schema = parquetSchema(metadata);
  addLeaves(schema, leaves, 0);
  const nested = new Set(
    schema.children.filter((field) => leavesOf(field) > 1).map(({ element }) => element.name),
  );
  if (leaves.size === 0) throw new Error('there is no column in it');
  let rows = 0;
  for (const group of metadata.row_groups) {
    const nRows = Number(group.num_rows);
    if (!(nRows >= 0)) throw new Error('a row group announces less than no rows');
    if (nRows > MAX_GROUP_ROWS) {
      throw new Error(`a row group announces ${nRows} rows; expected at most ${MAX_GROUP_ROWS}`);
    }
    rows += nRows;
    if (group.columns.length !== leaves.size) {
      throw new Error(
        `a row group holds ${group.columns.length} columns where the schema has ${leaves.size}`,
      );
    }
    for (const { meta_data: meta, file_path } of group.columns) {
      if (!meta || file_path) throw new Error('columns in other files are not read');
      const leaf = leaves.get(JSON.stringify(meta.path_in_schema));
      if (!leaf) throw new Error(`its schema has no column ${meta.path_in_schema.join('.')}`);
      requireSoundChunk(meta, leaf, nRows, end, nested.has(meta.path_in_schema[0] ?? ''));
    }
  }
  if (rows !== Number(metadata.num_rows)) {
    throw new Error(`it announces ${metadata.num_rows} rows, but its row groups hold ${rows}`);
  }
}

function addLeaves(tree: SchemaTree, leaves: Map<string, SchemaTree>, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error(`its schema is nested in more than ${MAX_DEPTH} levels`);
  for (const child of tree.children) addLeaves(child, leaves, depth + 1);
  if (tree.children.length > 0 || depth === 0) return;
  const { name, type, scale = 0, type_length = 0 } = tree.element;
  if (type === undefined) throw new Error(`column "${name}" has no type`);
  if (!(scale >= 0 && scale <= MAX_SCALE))
    throw new Error(`column "${name}" announces ${scale} decimal places`);
  if (!(type_length >= 0 && type_length <= MAX_FIXED_BYTES)) {
    throw new Error(`column "${name}" announces values of ${type_length} bytes`);
  }
  leaves.set(JSON.stringify(tree.path), tree);
}

function requireSoundChunk(
  meta: ColumnMetaData,
  leaf: SchemaTree,
  nRows: number,
  end: number,
  isNested: boolean,
): void {
  const name = meta.path_in_schema.join('.');
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const size = Number(meta.total_compressed_size);
  if (!(start >= MAGIC_BYTES && size >= 0 && start + size <= end)) {
    throw new Error(`column "${name}" announces bytes ${start} to ${start + size} of ${end}`);
  }
  if (meta.type !== leaf.element.type)
    throw new Error(`column "${name}" is ${leaf.element.type} and ${meta.type}`);
  const nValues = Number(meta.num_values);
  if (isNested && Math.max(nRows, nValues) > MAX_NESTED_ROWS) {
    throw new Error(
      `column "${name}" is part of a struct or map in a row group of ${nRows} rows; at most ${MAX_NESTED_ROWS} are read. ` +
        'Flatten it, or write smaller row groups',
    );
  }
  const isRepeated = meta.path_in_schema.length > 1 || leaf.element.repetition_type === 'REPEATED';
  if (!(isRepeated ? nValues >= 0 && nValues <= MAX_GROUP_ROWS : nValues === nRows)) {
    throw new Error(`column "${name}" announces ${nValues} values in ${nRows} rows`);
  }
}

/** Number of columns that a field is stored as: one, unless it is a struct or a map. */
export const leavesOf = ({ children }: SchemaTree): number =>
  children.length === 0 ? 1 : children.reduce((sum, child) => sum + leavesOf(child), 0);

/** What the pages of one column of one row group must agree with. */
export function chunkTraits(field: SchemaTree, meta: ColumnMetaData): ChunkTraits {
  let definitionLevel = 0;
  let repetitionLevel = 0;
  let tree: SchemaTree | undefined = field;
  for (let depth = 1; tree; depth++) {
    if (tree.element.repetition_type !== 'REQUIRED') definitionLevel++;
    if (tree.element.repetition_type === 'REPEATED') repetitionLevel++;
    const part: string | undefined = meta.path_in_schema[depth];
    tree = tree.children.find(({ element }) => element.name === part);
  }
  const { codec, type, num_values } = meta;
  return {
    codec,
    isBoolean: type === 'BOOLEAN',
    isFixed: type === 'FIXED_LEN_BYTE_ARRAY',
    nValues: Number(num_values),
    definitionLevel,
    repetitionLevel,
  };
}
