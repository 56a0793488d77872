import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../functions/arrow/matrix.ts';

/** Generated tables are kept here, outside version control. */
export const DATA_FOLDER = join(import.meta.dirname, '../build/bench');
const GENERATOR = join(import.meta.dirname, 'data/generate.py');

/** Start of the SHA-256 of each table: other numbers are another benchmark. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  blobs_2k_16: '0a998d8b08df67dc',
  blobs_10k_3: '8b64a8a6759bad2e',
  blobs_10k_16: 'ea093b598c68af51',
  blobs_20k_16: '65fb5d1f15b2a2a1',
  blobs_100k_3: '3bbc6986ea47b33c',
  blobs_100k_8: '6678d3de6425d10f',
  blobs_100k_16: '8ad42066d10b64f7',
  blobs_1m_3: '8a2b43d4a2dfa1b9',
  blobs_1m_16: 'a11bfb2032c0278e',
  blobs_1m_32: '8462077d61c87246',
  customers_10k_13: '95580eaa6b3420d0',
  customers_50k_13: 'df525a117cdca0ed',
  customers_100k_13: '81bfd93610aee245',
  customers_100k_30: '9c4fd6535ad4e835',
  customers_1m_13: 'a92574bf5128b6b7',
  customers_5m_13: '2ba9a4ae205f4a86',
  uniform_200k_3: '6dc62d40a58713b6',
  uniform_200k_8: '73b0d9b8a5096684',
  uniform_200k_16: '7b41ff8de20d114a',
  uniform_200k_40: '48ced7d88bd4ad3d',
};

export interface Dataset extends Matrix {
  readonly name: string;
  /** Rows drawn at random that every program starts from. */
  readonly start: Float32Array;
}

let latest: Dataset | undefined;

/**
 * A generated table, made on first use. The latest is kept.
 * @throws Error when its checksum is not the pinned one
 */
export function dataset(name: string): Dataset {
  if (latest?.name === name) return latest;
  const file = join(DATA_FOLDER, `${name}.f32`);
  if (!existsSync(file)) execFileSync('/usr/bin/python3', [GENERATOR, DATA_FOLDER, name]);
  const bytes = readFileSync(file);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  if (!checksum.startsWith(CHECKSUMS[name] ?? 'unknown')) {
    throw new Error(
      `${file} has checksum ${checksum.slice(0, 16)}, not ${CHECKSUMS[name]}: another NumPy drew other numbers. ` +
        'Compare only with peers measured on the same file, or pin the new one in bench/datasets.ts.',
    );
  }
  const nFeatures = Number(name.split('_').at(-1));
  const values = floats(bytes);
  const start = floats(readFileSync(join(DATA_FOLDER, `${name}.start.f32`)));
  latest = { name, nSamples: values.length / nFeatures, nFeatures, values, start };
  return latest;
}

function floats(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
