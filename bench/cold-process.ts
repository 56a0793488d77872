import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kmeans } from '../functions/clustering/kmeans.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';

/** Child of `cold.ts`, which bundles it: the least a process must do to cluster a table of a folder. */
const [, , folder = '', table = ''] = process.argv;
const floats = (name: string) => {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};
const values = floats(`${table}.f32`);
const nFeatures = 13;
const init = Float64Array.from(floats(`${table}.start.f32`).subarray(0, 8 * nFeatures));
const rows = { nSamples: values.length / nFeatures, nFeatures, values };
console.log(kmeans(loadKernelsSync(), rows, { nClusters: 8, seed: 0, init, tol: 0 }).inertia);
