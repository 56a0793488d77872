import { join } from 'node:path';
import { kmeans } from '../functions/clustering/kmeans.ts';
import { loadKernelsSync } from '../functions/kernels/instance.ts';

/** Child of `cold.ts`, which bundles it: the least a process must do to cluster a table of a folder. */
const [, , folder = '', table = ''] = process.argv;
// An import binds all names of `node:fs`, and loads streams and promises for it.
const { openSync, fstatSync, readSync, writeSync } = process.getBuiltinModule('node:fs');
const floats = (name: string) => {
  const file = openSync(join(folder, name), 'r');
  const values = new Float32Array(fstatSync(file).size / 4);
  readSync(file, values);
  return values;
};
const values = floats(`${table}.f32`);
const nFeatures = 13;
const init = Float64Array.from(floats(`${table}.start.f32`).subarray(0, 8 * nFeatures));
const rows = { nSamples: values.length / nFeatures, nFeatures, values };
writeSync(1, `${kmeans(loadKernelsSync(), rows, { nClusters: 8, seed: 0, init, tol: 0 }).inertia}\n`);
