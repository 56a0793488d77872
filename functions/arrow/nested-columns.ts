import type { Data, Dictionary, Int32, List, Utf8 } from 'apache-arrow';
import { InvalidDatasetError } from '../errors.ts';
import type { DictionaryColumn, ListColumn } from './columns.ts';
import { checkedColumn, checkedTexts } from './read-batches.ts';
import { joinUtf8, type Utf8Column } from './utf8.ts';

/**
 * The batches of a column by dictionary, which they share.
 * @throws InvalidDatasetError for codes that have no text, and as `checkedColumn`
 */
export function codesOf(name: string, batches: readonly Data[], nRows: number): DictionaryColumn {
  const codes = new Int32Array(nRows);
  const texts = (batches.at(-1) as Data<Dictionary<Utf8, Int32>> | undefined)?.dictionary?.data ?? [];
  const dictionary = texts.flatMap((data) => checkedTexts(name, textsOf(name, data), data.length));
  let row = 0;
  for (const data of batches) {
    const values = data.values as Int32Array;
    if (values.length < data.length) throw corrupt(name);
    for (let i = 0; i < data.length; i++) {
      const code = isNull(data, i) ? -1 : values[i]!;
      if (code >= dictionary.length || (code < 0 && !isNull(data, i))) throw corrupt(name);
      codes[row++] = code;
    }
  }
  return { codes, dictionary };
}

/** The batches of a column of lists end to end. @throws InvalidDatasetError for lists beyond the texts, and as `checkedColumn` */
export function listsOf(name: string, batches: readonly Data[], nRows: number): ListColumn {
  const listOffsets = new Int32Array(nRows + 1);
  const nulls = new Uint8Array(nRows);
  const texts: Utf8Column[] = [];
  let row = 0;
  let nTexts = 0;
  for (const data of batches) {
    const child = (data as Data<List<Utf8>>).children[0] as Data<Utf8> | undefined;
    const offsets = data.valueOffsets;
    if (child === undefined || offsets.length <= data.length) throw corrupt(name);
    const first = offsets[0]!;
    for (let i = 0; i < data.length; i++) {
      if (offsets[i + 1]! < offsets[i]! || offsets[i + 1]! > child.length) throw corrupt(name);
      nulls[row] = isNull(data, i) ? 1 : 0;
      listOffsets[++row] = offsets[i + 1]! - first + nTexts;
    }
    const { bytes, offsets: ends } = textsOf(name, child);
    texts.push({ bytes, offsets: ends.subarray(first, offsets[data.length]! + 1) });
    nTexts += offsets[data.length]! - first;
  }
  const none = { bytes: new Uint8Array(), offsets: new Int32Array(1) };
  return { listOffsets, texts: texts.length > 0 ? joinUtf8(texts) : none, nulls };
}

const isNull = (data: Data, i: number) => data.nullCount > 0 && !data.getValid(i);

function textsOf(name: string, data: Data<Utf8>): Utf8Column {
  const { values, valueOffsets, length } = checkedColumn(name, data) as Data<Utf8>;
  return { bytes: values, offsets: valueOffsets.subarray(0, length + 1) };
}

const corrupt = (name: string) =>
  new InvalidDatasetError(
    `Column ${name} is corrupt: its numbers do not fit its texts. Write the file again.`,
    {
      reason: 'corrupt_arrow',
      column: name,
    },
  );
