import type { PurchasingCustomer } from './contracts/drilldown.ts';
import type { CustomerChunk } from './contracts/drilldown-runs.ts';
import type { ObjectStore } from './ports.ts';
import type { ParentedCustomer } from './uploaded-customers.ts';

/** Characters of customers in memory at a time. */
const CHUNK_CHARACTERS = 32 * 1024 * 1024;

/** Order of the parents in an answer: as JavaScript orders the names of a JSON object, numbers first, −1 behind them. */
export const byAnswerOrder = (a: number, b: number): number => (a < 0 || b < 0 ? b - a : a - b);

/**
 * Writes customers as chunks of bounded size, one JSON object a line: inside a chunk they are sorted by parent, inside a
 * parent they keep their order. One parent is then a range of bytes of each chunk.
 * @returns what lies where, chunk by chunk, and the number of customers of each parent
 */
export async function writeCustomerChunks(
  objects: ObjectStore,
  keyOf: (chunk: number) => string,
  customers: AsyncIterable<ParentedCustomer>,
  chunkCharacters = CHUNK_CHARACTERS,
): Promise<{ chunks: CustomerChunk[]; counts: Map<number, number> }> {
  const chunks: CustomerChunk[] = [];
  const counts = new Map<number, number>();
  let lines = new Map<number, string[]>();
  let characters = 0;
  const flush = async () => {
    if (characters === 0) return;
    const parents = [...lines.keys()].sort(byAnswerOrder);
    const bodies = parents.map((parent) => Buffer.from(`${lines.get(parent)!.join('\n')}\n`));
    const offsets = [0];
    for (const body of bodies) offsets.push(offsets.at(-1)! + body.length);
    await objects.write(keyOf(chunks.length), Buffer.concat(bodies), 'application/x-ndjson');
    chunks.push({ parents, offsets });
    lines = new Map();
    characters = 0;
  };
  for await (const { customer, parent } of customers) {
    const line = JSON.stringify(customer);
    const siblings = lines.get(parent);
    if (siblings) siblings.push(line);
    else lines.set(parent, [line]);
    counts.set(parent, (counts.get(parent) ?? 0) + 1);
    characters += line.length;
    if (characters >= chunkCharacters) await flush();
  }
  await flush();
  return { chunks, counts };
}

/**
 * The customers of some parents, in the order of the upload. Parents that stand next to each other in the chunks are read
 * at once.
 */
export async function readCustomers(
  objects: ObjectStore,
  keyOf: (chunk: number) => string,
  chunks: readonly CustomerChunk[],
  wanted: readonly number[],
): Promise<Map<number, PurchasingCustomer[]>> {
  const found = new Map(wanted.map((parent) => [parent, [] as PurchasingCustomer[]]));
  // Product types repeat from customer to customer: one string for each saves most of the memory.
  const texts = new Map<string, string>();
  const shared = (text: string) => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, text);
    return text;
  };
  for (const [chunk, { parents, offsets }] of chunks.entries()) {
    const places = parents.flatMap((parent, place) => (found.has(parent) ? [place] : []));
    const [first, last] = [places[0], places.at(-1)];
    if (first === undefined || last === undefined) continue;
    const [start, end] = [offsets[first]!, offsets[last + 1]!];
    const bytes = Buffer.from(await objects.read(keyOf(chunk), { start, end }));
    for (const place of places) {
      const siblings = found.get(parents[place]!)!;
      // Line by line: the text of a whole parent may be longer than a string can be.
      for (let from = offsets[place]! - start; from < offsets[place + 1]! - start; ) {
        const to = bytes.indexOf(0x0a, from);
        const customer = JSON.parse(bytes.toString('utf8', from, to)) as PurchasingCustomer;
        siblings.push({ ...customer, product_types: customer.product_types.map(shared) });
        from = to + 1;
      }
    }
  }
  return found;
}
