import { InvalidDatasetError, KernelError } from '../errors.ts';

const PAGE = 65_536;
/** Addresses are 32 bits. */
const MAX_BYTES = 4 * 1024 ** 3;
/** SIMD loads of a cache line; no line is shared by two arrays, so two workers never write to one. */
const ALIGNMENT = 64;
/** Bytes that a core's prefetcher gets ahead of what it reads, at most. */
const PREFETCHED = 2048;
/** The first page stays free: address 0 then never belongs to an array, and means "none" to a kernel. */
const FIRST_ADDRESS = PAGE;

/** A typed array inside the kernels' memory; its `byteOffset` is the address a kernel takes. */
export type KernelF32 = Float32Array<SharedArrayBuffer>;
export type KernelF64 = Float64Array<SharedArrayBuffer>;
export type KernelI32 = Int32Array<SharedArrayBuffer>;
export type KernelI16 = Int16Array<SharedArrayBuffer>;
export type KernelU16 = Uint16Array<SharedArrayBuffer>;
export type KernelU8 = Uint8Array<SharedArrayBuffer>;

/**
 * Bump allocator over the kernels' memory. The memory is shared, so that worker threads may take blocks of one
 * array, and so that typed arrays stay valid when it grows.
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** A memory that grows gets a new buffer object over the same bytes; arrays keep the one they were made with. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();
  #top = FIRST_ADDRESS;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  /** Bytes in use, and the address the next array would start at or after. */
  get used(): number {
    return this.#top;
  }

  /**
   * Address of `bytes` fresh bytes, 64-byte aligned. The content is undefined.
   * @throws InvalidDatasetError when the memory would pass 4 GiB
   */
  alloc(bytes: number): number {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new KernelError(`Cannot allocate ${bytes} bytes: the size must be a whole number from 0.`);
    }
    const address = Math.ceil(this.#top / ALIGNMENT) * ALIGNMENT;
    const end = address + bytes;
    this.#growTo(end);
    this.#top = end;
    return address;
  }

  /**
   * Keeps the next array out of reach of a core that reads the one before: the lines it fetches ahead would be taken from
   * another core that writes to them, again and again. For arrays that one thread works in beside another's.
   */
  keepApart(): void {
    this.alloc(PREFETCHED);
  }

  /** A float32 array of undefined content. */
  f32(length: number): KernelF32 {
    const address = this.alloc(length * 4);
    return new Float32Array(this.#buffer(), address, length);
  }

  /** A float64 array of undefined content. */
  f64(length: number): KernelF64 {
    const address = this.alloc(length * 8);
    return new Float64Array(this.#buffer(), address, length);
  }

  /** An int32 array of undefined content. */
  i32(length: number): KernelI32 {
    const address = this.alloc(length * 4);
    return new Int32Array(this.#buffer(), address, length);
  }

  /** A uint16 array of undefined content. */
  u16(length: number): KernelU16 {
    const address = this.alloc(length * 2);
    return new Uint16Array(this.#buffer(), address, length);
  }

  /** An int16 array of undefined content. */
  i16(length: number): KernelI16 {
    const address = this.alloc(length * 2);
    return new Int16Array(this.#buffer(), address, length);
  }

  /** A byte array of undefined content. */
  u8(length: number): KernelU8 {
    const address = this.alloc(length);
    return new Uint8Array(this.#buffer(), address, length);
  }

  /**
   * Runs `work` and frees everything it allocated, also when it throws. Results must be copied out (`slice`) before
   * it returns.
   */
  scope<T>(work: () => T): T {
    const mark = this.#top;
    try {
      return work();
    } finally {
      this.#top = mark;
    }
  }

  /** Frees what was allocated since `used` was `mark`, where no function call spans the time of use. */
  release(mark: number): void {
    this.#top = Math.min(this.#top, mark);
  }

  /** Whether an array made here lies in this memory, also when the memory has grown since. */
  holds({ buffer }: { readonly buffer: ArrayBufferLike }): boolean {
    return this.#buffers.has(buffer);
  }

  #buffer(): SharedArrayBuffer {
    const buffer = this.memory.buffer as unknown as SharedArrayBuffer;
    this.#buffers.add(buffer);
    return buffer;
  }

  #growTo(end: number): void {
    const size = this.memory.buffer.byteLength;
    if (end <= size) return;
    const pages = Math.ceil((end - size) / PAGE);
    try {
      if (end > MAX_BYTES) throw new RangeError(`${end} bytes are more than 32-bit addresses reach`);
      this.memory.grow(pages);
    } catch (cause) {
      throw new InvalidDatasetError(
        `The table does not fit the kernels' memory: ${end} bytes are needed, ${size} are there and ` +
          `${MAX_BYTES} are the limit. Use fewer rows or features, or a larger memory size.`,
        { reason: 'out_of_memory', neededBytes: end },
        { cause },
      );
    }
  }
}
