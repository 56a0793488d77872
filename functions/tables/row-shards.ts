import { MAX_RECORD_BYTES } from './csv-scanner.ts';
import { endsRecord, FIELD_START, findRecordStart, nextState } from './record-boundary.ts';

const LEAST_SHARD_BYTES = 16 * 1024 * 1024;
/** Input bytes of the largest shard. */
export const MOST_SHARD_BYTES = 64 * 1024 * 1024;
/** Shards of the least size; only then do shards grow, since requests grow with shards × buckets. */
const MANY_SHARDS = 64;

/**
 * Input bytes of one shard, unless the request says otherwise: 16 MiB up to 1 GiB of input, 64 MiB from 4 GiB on.
 * @param inputBytes of all files together
 */
export function shardBytes(inputBytes: number): number {
  return Math.min(MOST_SHARD_BYTES, Math.max(LEAST_SHARD_BYTES, Math.ceil(inputBytes / MANY_SHARDS)));
}

/** Sizes of the windows tried one after the other; in the last one every reading that ends no record is refuted. */
const WINDOW_BYTES = [16 * 1024, 128 * 1024, MAX_RECORD_BYTES + 64 * 1024];

/** Below this size of a shard, reading everything once costs no more than looking around every cut. */
const PROBED_SHARD_BYTES = 2 * 1024 * 1024;

const SCAN_BYTES = 8 * 1024 * 1024;
const PROBES_AT_ONCE = 16;

/** A CSV file that can be read at any offset. */
export interface SplittableFile {
  readonly size: number;
  /** Offset of the first record after the header. */
  readonly firstRecord: number;
  readonly delimiter: string;
  readonly nColumns: number;
}

/** Reads bytes [start, end) of the file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/**
 * Cuts a file into at most `nShards` ranges [start, end) of about equal size that begin and end between records, also
 * where quoted fields hold line breaks. Each cut is looked for in a window behind its place (`findRecordStart`); where
 * that stays ambiguous, by reading on from the cut before, which takes longer and is always right.
 */
export async function planRowShards(
  file: SplittableFile,
  nShards: number,
  read: ReadRange,
): Promise<[start: number, end: number][]> {
  const { size, firstRecord } = file;
  const shardBytes = (size - firstRecord) / nShards;
  const targets = Array.from(
    { length: nShards - 1 },
    (_, i) => firstRecord + Math.floor(shardBytes * (i + 1)),
  );
  const cuts = [firstRecord];
  if (shardBytes < PROBED_SHARD_BYTES) {
    for await (const cut of scan(file, firstRecord, targets, read)) cuts.push(cut);
  } else {
    for (let i = 0; i < targets.length; i += PROBES_AT_ONCE) {
      const batch = targets.slice(i, i + PROBES_AT_ONCE);
      const found = await Promise.all(batch.map((target) => probe(file, target, read)));
      for (const [j, target] of batch.entries()) {
        const last = cuts.at(-1)!;
        if (target <= last) continue;
        let cut = found[j];
        if (cut === undefined) for await (const scanned of scan(file, last, [target], read)) cut = scanned;
        if (cut !== undefined) cuts.push(cut);
      }
    }
  }
  const starts = cuts.filter((cut, i) => i === 0 || (cut < size && cut > cuts[i - 1]!));
  return starts.map((start, i) => [start, starts[i + 1] ?? size]);
}

async function probe(file: SplittableFile, target: number, read: ReadRange): Promise<number | undefined> {
  for (const bytes of WINDOW_BYTES) {
    const end = Math.min(target + bytes, file.size);
    const found = findRecordStart(await read(target, end), file, end === file.size);
    if (found !== undefined) return target + found;
    if (end === file.size) return undefined;
  }
  return undefined;
}

/** For each target the start of the first record at or behind it, found by reading on from a record start. */
async function* scan(
  { size, delimiter }: SplittableFile,
  from: number,
  targets: readonly number[],
  read: ReadRange,
): AsyncGenerator<number> {
  const separator = delimiter.charCodeAt(0);
  let next = 0;
  let state = FIELD_START;
  for (let start = from; start < size && next < targets.length; start += SCAN_BYTES) {
    const bytes = await read(start, Math.min(start + SCAN_BYTES, size));
    for (let i = 0; i < bytes.length && next < targets.length; i++) {
      const byte = bytes[i]!;
      if (endsRecord(state, byte) && start + i + 1 >= targets[next]!) {
        const cut = start + i + 1;
        yield cut;
        while (next < targets.length && targets[next]! <= cut) next++;
      }
      state = nextState(state, byte, separator);
    }
  }
}
