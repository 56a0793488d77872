import { gzipSync } from 'node:zlib';
import { memoryPorts } from '../../functions/adapters/memory.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import type { ByteRange, ObjectStore } from '../../functions/ports.ts';
import { runWorkflow } from './run-workflow.ts';

const MB = 1024 * 1024;

/** A file too large to be held: a head, then `repeat` times the same piece, made as it is read. */
interface Generated {
  readonly head: Uint8Array;
  readonly piece: Uint8Array;
  readonly repeat: number;
}

const text = (content: string) => new TextEncoder().encode(content);

/** The same piece gzipped `megabytes` times, as members one after the other: 1,000:1 without holding what it unpacks to. */
function gzipped(head: string, row: string, megabytes: number): Uint8Array {
  const piece = gzipSync(row.repeat((16 * MB) / row.length), { level: 9 });
  return new Uint8Array(
    Buffer.concat([gzipSync(head), ...new Array<Uint8Array>(megabytes / 16).fill(piece)]),
  );
}

/** Ten thousand columns of numbers, in so many rows. */
function wide(nRows: number): string {
  const names = Array.from({ length: 10_000 }, (_, i) => `column ${i}`);
  const rows = Array.from({ length: nRows }, (_, row) => names.map((_, i) => (row * i) % 7).join(','));
  return `${names.join(',')}\n${rows.join('\n')}\n`;
}

const FILES: Readonly<Record<string, () => Generated>> = {
  // 200,000 rows come first, so that the field lies beyond what the planner looks at.
  field: () => ({
    head: text(
      `id,visits,spend\n${Array.from({ length: 200_000 }, (_, i) => `c${i},${i % 7},1`).join('\n')}\nx,"`,
    ),
    piece: new Uint8Array(MB).fill(0x61),
    repeat: 100,
  }),
  columns: () => ({ head: text(wide(300)), piece: new Uint8Array(0), repeat: 0 }),
  bomb: () => ({ head: gzipped('visits,spend\n', '1,2\n', 304), piece: new Uint8Array(0), repeat: 0 }),
};

/** The objects of a store, and one generated file among them. */
function withGenerated(objects: ObjectStore, key: string, { head, piece, repeat }: Generated): ObjectStore {
  const size = head.length + repeat * piece.length;
  async function* stream({ start, end = size }: ByteRange) {
    for (let at = start; at < Math.min(end, size); ) {
      const inPiece = at < head.length ? at : (at - head.length) % piece.length;
      const part = (at < head.length ? head : piece).subarray(inPiece, inPiece + Math.min(end - at, 65_536));
      yield part;
      at += part.length;
    }
  }
  return {
    ...objects,
    head: async (name) => (name === key ? { key, size, etag: 'generated' } : objects.head(name)),
    stream: (name, range = { start: 0 }) => (name === key ? stream(range) : objects.stream(name, range)),
    async read(name, range) {
      if (name !== key) return objects.read(name, range);
      const parts: Uint8Array[] = [];
      for await (const part of stream(range ?? { start: 0 })) parts.push(part);
      return new Uint8Array(Buffer.concat(parts));
    },
  };
}

/** What a workflow on an oversized file ended in; megabytes of this whole process at their highest. */
export interface OversizedRun {
  readonly bytes: number;
  readonly status: string | undefined;
  readonly problem: Readonly<Record<string, unknown>> | undefined;
  readonly isServed: boolean;
  readonly nSegments: number;
  readonly nLabels: number;
  readonly beforeMb: number;
  readonly peakMb: number;
}

const name = process.argv[2] ?? '';
const key = `files/acme/shop/${name}.csv${name === 'bomb' ? '.gz' : ''}`;
const file = FILES[name]!();
const memory = memoryPorts();
const ports = { ...memory, objects: withGenerated(memory.objects, key, file) };
const request = runRequestSchema.parse({ files: [key], nClusters: 2, recipe: 'table' });
const beforeMb = process.resourceUsage().maxRSS / 1024;
await runWorkflow(ports, { trigger: 'api', tenant: 'acme', dataset: 'shop', request });
const { items } = await ports.runs.list('acme', { limit: 1 });
const [record] = items;
const outcome: OversizedRun = {
  bytes: file.head.length + file.piece.length * file.repeat,
  status: record?.status,
  problem: record?.problem && { ...record.problem },
  isServed: (await ports.runs.dataset('acme', 'shop')) !== undefined,
  nSegments: record ? (await ports.segments.segments('acme', 'shop', record.runId)).length : 0,
  nLabels: memory.contents.labels.get(`acme/shop/${record?.runId}`)?.size ?? 0,
  beforeMb,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(outcome));
