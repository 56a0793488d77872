import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { InvalidRequestError } from '../functions/errors.ts';
import { csvField } from '../functions/tables/csv-field.ts';
import type { NumericTable } from './numeric-table.ts';

const CHUNK = 1 << 16;

/**
 * Checks before any work that labels can be written there.
 * @throws InvalidRequestError
 */
export async function requireLabelsFile(labels: string, table: string): Promise<void> {
  if (resolve(labels) === resolve(table)) {
    throw new InvalidRequestError(
      `--labels names the table ${table} itself, which would be overwritten: name another file.`,
      { file: labels },
    );
  }
  const stats = await stat(labels).catch(() => undefined);
  if (stats?.isDirectory()) {
    throw new InvalidRequestError(`${labels} is a folder: name a file for the labels.`, { file: labels });
  }
  await mkdir(dirname(resolve(labels)), { recursive: true }).catch((cause) => {
    throw new InvalidRequestError(
      `The folder of ${labels} cannot be made: ${cause.message}. Name a file elsewhere.`,
      { file: labels },
      { cause },
    );
  });
}

/**
 * Writes one line per row, in the order of the table: its id or its number from 1, and its label (−1 for noise). The
 * file appears whole or not at all.
 */
export async function writeLabels(
  file: string,
  { ids }: Pick<NumericTable, 'ids'>,
  labels: Int32Array,
): Promise<void> {
  const partial = `${file}.partial`;
  const output = createWriteStream(partial);
  try {
    // The file is open, or has failed to open, before anything waits for it to drain.
    await once(output, 'open');
    let chunk = `${csvField(ids?.name ?? 'row')},label\n`;
    for (let row = 0; row < labels.length; row++) {
      chunk += `${ids ? csvField(ids.values[row]!) : row + 1},${labels[row]}\n`;
      if (chunk.length < CHUNK) continue;
      if (!output.write(chunk)) await once(output, 'drain');
      chunk = '';
    }
    output.end(chunk);
    await finished(output);
    await rename(partial, file);
  } catch (cause) {
    output.destroy();
    await rm(partial, { force: true });
    throw new InvalidRequestError(
      `The labels cannot be written to ${file}: ${cause instanceof Error ? cause.message : cause}.`,
      { file },
      { cause },
    );
  }
}
