const encoder = new TextEncoder();

/** Bytes of all strings end to end; string i lies at [offsets[i], offsets[i + 1]). Arrow's Utf8 layout. */
export interface Utf8Column {
  readonly bytes: Uint8Array;
  /** length + 1 byte offsets. */
  readonly offsets: Int32Array;
}

/** Lays strings out as an Arrow Utf8 column; one encoder call when all of them are ASCII. */
export function encodeUtf8Column(strings: readonly string[]): Utf8Column {
  const offsets = new Int32Array(strings.length + 1);
  const joined = strings.join('');
  const bytes = encoder.encode(joined);
  if (bytes.length === joined.length) {
    let end = 0;
    for (let i = 0; i < strings.length; i++) offsets[i + 1] = end += strings[i]!.length;
    return { bytes, offsets };
  }
  // Encoded one by one: joined, a lone surrogate at a seam could pair up with its neighbour.
  const parts = strings.map((text) => encoder.encode(text));
  let end = 0;
  for (let i = 0; i < parts.length; i++) offsets[i + 1] = end += parts[i]!.length;
  const exact = new Uint8Array(end);
  for (let i = 0; i < parts.length; i++) exact.set(parts[i]!, offsets[i]);
  return { bytes: exact, offsets };
}

/**
 * The inverse of `encodeUtf8Column`; `bytes` may hold more than the column. One decoder call when all is ASCII.
 * @throws TypeError when the bytes are not UTF-8
 */
export function decodeUtf8Column({ bytes, offsets }: Utf8Column, nRows: number): string[] {
  // Made anew per call: a fatal decoder that has thrown may keep state. The BOM is data here.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const first = offsets[0] ?? 0;
  const used = bytes.subarray(first, offsets[nRows] ?? first);
  const all = decoder.decode(used);
  const strings = new Array<string>(nRows);
  if (all.length === used.length) {
    for (let i = 0; i < nRows; i++) strings[i] = all.slice(offsets[i]! - first, offsets[i + 1]! - first);
  } else {
    for (let i = 0; i < nRows; i++) strings[i] = decoder.decode(bytes.subarray(offsets[i], offsets[i + 1]));
  }
  return strings;
}

/** Texts [start, end) of a column; a copy, unless it is the whole. */
export function sliceUtf8(column: Utf8Column, start: number, end: number): Utf8Column {
  const { bytes, offsets } = column;
  const first = offsets[start]!;
  const last = offsets[end]!;
  if (start === 0 && first === 0 && end === offsets.length - 1)
    return { bytes: bytes.subarray(0, last), offsets };
  const own = offsets.slice(start, end + 1);
  for (let i = 0; i < own.length; i++) own[i]! -= first;
  return { bytes: bytes.subarray(first, last), offsets: own };
}

/** Columns laid end to end. */
export function joinUtf8(columns: readonly Utf8Column[]): Utf8Column {
  if (columns.length === 1) return columns[0]!;
  const nRows = columns.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  const parts = columns.map(({ bytes, offsets }) => bytes.subarray(offsets[0], offsets.at(-1)));
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  const joinedOffsets = new Int32Array(nRows + 1);
  let row = 0;
  let at = 0;
  for (const [i, { offsets }] of columns.entries()) {
    const shift = at - offsets[0]!;
    for (let j = 1; j < offsets.length; j++) joinedOffsets[++row] = offsets[j]! + shift;
    joined.set(parts[i]!, at);
    at += parts[i]!.length;
  }
  return { bytes: joined, offsets: joinedOffsets };
}
