/** A file of which any part can be read: an object of a store, or a file of the machine. */
export interface TableSource {
  /** Name for errors. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes [start, end). */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Bytes [start, end) as they arrive; to the end of the file without `end`. */
  stream(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/** A source over bytes in memory. */
export function memorySource(file: string, bytes: Uint8Array): TableSource {
  return {
    file,
    size: bytes.length,
    read: async (start, end) => bytes.subarray(start, end),
    async *stream(start = 0, end = bytes.length) {
      yield bytes.subarray(start, end);
    },
  };
}
