import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Augurs } from './forecast/augurs.ts';

let loaded: Promise<Augurs> | undefined;

/**
 * The forecasting library of this process, compiled once and only where a method needs it. The WASM lies beside the
 * bundle of a deployed function (`infra/bundle.ts`), and in its package otherwise.
 */
export function loadAugurs(): Promise<Augurs> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Augurs> {
  const [ets, mstl, prophet, stan] = await Promise.all([
    import('@bsull/augurs/ets'),
    import('@bsull/augurs/mstl'),
    import('@bsull/augurs/prophet'),
    import('@bsull/augurs-prophet-wasmstan'),
  ]);
  ets.initSync({ module: wasmOf('ets') });
  mstl.initSync({ module: wasmOf('mstl') });
  prophet.initSync({ module: wasmOf('prophet') });
  return { AutoETS: ets.AutoETS, MSTL: mstl.MSTL, Prophet: prophet.Prophet, optimizer: stan.optimizer };
}

function wasmOf(part: string): Buffer<ArrayBuffer> {
  const file = `${part}_bg.wasm`;
  const beside = join(import.meta.dirname, file);
  if (existsSync(beside)) return readFileSync(beside);
  return readFileSync(join(dirname(createRequire(import.meta.url).resolve(`@bsull/augurs/${part}`)), file));
}
