import { type Data, DataType } from 'apache-arrow';

/**
 * Checks that the body of a batch really holds the column that its header announces, with all that is nested in it:
 * lengths, and offsets that ascend within what they point into. The library does not.
 * @throws Error that names the column
 */
export function requireWholeColumn(name: string, data: Data): void {
  if (!isWhole(data)) throw new Error(`column "${name}" announces ${data.length} rows but holds fewer`);
}

function isWhole(data: Data): boolean {
  const { type, length, values, valueOffsets, nullBitmap, children } = data;
  if (length === 0) return true;
  if (data.nullCount > 0 && nullBitmap && nullBitmap.length * 8 < length) return false;
  if (DataType.isDictionary(type)) {
    const dictionary = data.dictionary?.data ?? [];
    return (values?.length ?? 0) >= length && dictionary.every((part) => isWhole(part));
  }
  if (DataType.isStruct(type)) return children.every((child) => child.length >= length && isWhole(child));
  if (DataType.isFixedSizeList(type)) {
    return children.every((child) => child.length >= length * type.listSize && isWhole(child));
  }
  if (valueOffsets) {
    if (valueOffsets.length <= length) return false;
    const isNested = DataType.isList(type) || DataType.isMap(type);
    const room = isNested ? (children[0]?.length ?? 0) : (values?.length ?? 0);
    let before: number | bigint = 0;
    for (let i = 0; i <= length; i++) {
      const offset: number | bigint = valueOffsets[i]!;
      if (offset < before) return false;
      before = offset;
    }
    return before <= room && children.every((child) => isWhole(child));
  }
  if (DataType.isBool(type)) return (values?.length ?? 0) * 8 >= length;
  if (DataType.isNull(type)) return true;
  return (values?.length ?? 0) >= length * wordsOf(type);
}

/** Elements of the values' typed array per value. */
function wordsOf(type: DataType): number {
  if (DataType.isDecimal(type)) return type.bitWidth / 32;
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  return 1;
}
