import { type KernelExports, relaxedKernels, strictKernels } from '../../build/kernels-wasm.js';
import { InvalidRequestError } from '../errors.ts';
import { KernelMemory } from './memory.ts';

/**
 * How a kernel rounds a × b + c: once (`relaxed-fma`: WASM relaxed SIMD on a host that fuses, which every x86-64
 * with FMA and every arm64 does, with the same bits on both) or twice (`strict`: the same bits on every host).
 */
export type NumericMode = 'relaxed-fma' | 'strict';

/** One instance of the WASM kernels with a memory of its own. Not re-entrant: one call at a time. */
export interface Kernels {
  readonly numericMode: NumericMode;
  readonly exports: KernelExports;
  readonly memory: KernelMemory;
}

export interface KernelOptions {
  /** Forces a build; by default relaxed where the host fuses, else strict. */
  readonly numericMode?: NumericMode;
  /** Memory of another instance, for a worker thread that takes blocks of its arrays. */
  readonly memory?: WebAssembly.Memory;
}

const INITIAL_PAGES = 16;
const MAX_PAGES = 65_536;

const modules = new Map<NumericMode, WebAssembly.Module>();

/**
 * Kernels of this process: compiled once, instantiated for every call.
 * @throws InvalidRequestError when a build is forced that this host cannot run
 */
export async function loadKernels(options: KernelOptions = {}): Promise<Kernels> {
  if (modules.size === 0) {
    const relaxed = await WebAssembly.compile(relaxedKernels()).catch(() => undefined);
    if (relaxed) modules.set('relaxed-fma', relaxed);
  }
  return loadKernelsSync(options);
}

/** As `loadKernels`, blocking for the few milliseconds of the first compilation. */
export function loadKernelsSync(options: KernelOptions = {}): Kernels {
  const memory =
    options.memory ?? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true });
  const relaxed = options.numericMode === 'strict' ? undefined : instantiateRelaxed(memory);
  if (relaxed) return { numericMode: 'relaxed-fma', exports: relaxed, memory: new KernelMemory(memory) };
  if (options.numericMode === 'relaxed-fma') {
    throw new InvalidRequestError(
      "The numeric mode 'relaxed-fma' was asked for, but this host does not fuse multiply and add. " +
        "Use 'strict', or leave the mode out.",
    );
  }
  const strict = instantiate(compiled('strict', strictKernels), memory);
  return { numericMode: 'strict', exports: strict, memory: new KernelMemory(memory) };
}

/** Undefined where the host lacks relaxed SIMD or does not fuse: its bits would not be those of other hosts. */
function instantiateRelaxed(memory: WebAssembly.Memory): KernelExports | undefined {
  let module: WebAssembly.Module;
  try {
    module = compiled('relaxed-fma', relaxedKernels);
  } catch {
    // Compiled rather than validated first: a compilation validates, too.
    return undefined;
  }
  const kernels = instantiate(module, memory);
  return fuses(kernels) ? kernels : undefined;
}

/** (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴: the last term survives one rounding and is lost in two. */
function fuses(kernels: KernelExports): boolean {
  const a = 1 + 2 ** -12;
  const c = 1 + 2 ** -11;
  return kernels.madd_f32(a, a, -c) === 2 ** -24 && kernels.nmadd_f32(a, a, c) === -(2 ** -24);
}

function compiled(mode: NumericMode, bytes: () => Uint8Array): WebAssembly.Module {
  let module = modules.get(mode);
  if (!module) {
    module = new WebAssembly.Module(bytes());
    modules.set(mode, module);
  }
  return module;
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
}
