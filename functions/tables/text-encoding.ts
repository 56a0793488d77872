import type { TextEncoding } from '../contracts/table-layout.ts';

const LF = 0x0a;

/**
 * The encoding that the first bytes of a text tell: UTF-16 by its byte order mark, UTF-8 where they are valid UTF-8,
 * else Windows-1252, in which any bytes are text.
 * @param isWhole whether the sample is the whole file; else its last character may be cut
 */
export function detectEncoding(sample: Uint8Array, isWhole: boolean): TextEncoding {
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le';
  if (sample[0] === 0xfe && sample[1] === 0xff) return 'utf-16be';
  // NUL is a sign of binary data, which the reader reports; a character of UTF-16 never stands for one here.
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    // At once up to the last line break, which no character holds: piece by piece is many times slower.
    const lines = isWhole ? sample.length : sample.lastIndexOf(LF) + 1;
    decoder.decode(sample.subarray(0, lines));
    decoder.decode(sample.subarray(lines), { stream: !isWhole });
    return 'utf-8';
  } catch {
    return sample.includes(0) ? 'utf-8' : 'windows-1252';
  }
}

/** Whether the bytes of the encoding can be cut at any line feed, since no other character holds that byte. */
export const isByteOriented = (encoding: TextEncoding) => encoding === 'utf-8' || encoding === 'windows-1252';

/** Rewrites the chunks of a text as UTF-8, without a byte order mark of UTF-16; chunks of UTF-8 pass as they are. */
export async function* toUtf8(
  chunks: AsyncIterable<Uint8Array>,
  encoding: TextEncoding,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'utf-8') {
    yield* chunks;
    return;
  }
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const chunk of chunks) {
    // Most chunks of Latin texts are plain ASCII, which is the same bytes in UTF-8.
    if (encoding === 'windows-1252' && chunk.every((byte) => byte < 0x80)) yield chunk;
    else yield encoder.encode(decoder.decode(chunk, { stream: true }));
  }
  const rest = encoder.encode(decoder.decode());
  if (rest.length > 0) yield rest;
}
