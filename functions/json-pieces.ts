import { JSONParser } from '@streamparser/json';
import { InvalidDatasetError } from './errors.ts';

/** Most bytes between two pieces: what is longer is no list of customers, and would fill the memory. */
const MOST_PIECE_BYTES = 64 * 1024 * 1024;

/** An element of an array or object that stands directly in the document, or a field of the document itself. */
export interface JsonPiece {
  /** Name of the array or object; undefined for a field of the document. */
  readonly of: string | undefined;
  /** Index or name inside of it. */
  readonly key: string | number;
  readonly value: unknown;
}

/**
 * Reads a JSON document piece by piece: the elements of the arrays or objects `within`, in their order, each of them
 * whole, and the fields named in `fields`. Only one piece is in memory at a time.
 * @throws InvalidDatasetError for what is not JSON in UTF-8, naming the byte where that shows
 */
export async function* jsonPieces(
  chunks: AsyncIterable<Uint8Array>,
  { within, fields }: { readonly within: readonly string[]; readonly fields: readonly string[] },
): AsyncGenerator<JsonPiece> {
  const parser = new JSONParser({
    paths: [...within.map((name) => `$.${name}.*`), ...fields.map((name) => `$.${name}`)],
    keepStack: false,
  });
  let pieces: JsonPiece[] = [];
  let failure: Error | undefined;
  parser.onValue = ({ value, key, stack }) => {
    pieces.push({ of: stack[1]?.key as string | undefined, key: key ?? '', value });
  };
  parser.onError = (error) => {
    failure ??= error;
  };

  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let sincePiece = 0;
  for await (const chunk of chunks) {
    checkUtf8(utf8, chunk);
    sincePiece += chunk.length;
    parser.write(sincePiece === chunk.length && hasMark(chunk) ? chunk.subarray(3) : chunk);
    if (failure) break;
    if (pieces.length > 0) sincePiece = 1;
    else if (sincePiece > MOST_PIECE_BYTES) throw tooLong(within);
    yield* pieces;
    pieces = [];
  }
  yield* pieces;
  if (!failure && !parser.isEnded) parser.end();
  if (failure || !parser.isEnded) throw notJson(failure);
}

/** The lines of a text in UTF-8 that hold more than blanks, with their 1-based numbers. @throws InvalidDatasetError */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  for await (const chunk of chunks) {
    const lines = (rest + checkUtf8(utf8, chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MOST_PIECE_BYTES) throw tooLong(['customers']);
    for (const text of lines) {
      line++;
      if (text.trim() !== '') yield { text, line };
    }
  }
  if (rest.trim() !== '') yield { text: rest, line: line + 1 };
}

function checkUtf8(utf8: InstanceType<typeof TextDecoder>, chunk: Uint8Array): string {
  try {
    return utf8.decode(chunk, { stream: true });
  } catch (cause) {
    throw new InvalidDatasetError(
      'The uploaded file is not text in UTF-8. Convert it, or name the content encoding if it is packed other than by gzip.',
      { reason: 'not_utf8' },
      { cause },
    );
  }
}

/** Whether a text begins with the byte order mark of UTF-8. */
const hasMark = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

function notJson(cause: Error | undefined): InvalidDatasetError {
  return new InvalidDatasetError(
    `The uploaded file is not valid JSON${cause ? ` (${cause.message})` : ': it is empty or ends too early'}. Send one document { "customers": […], "labels": {…} }, or name the content type application/x-ndjson for one customer a line.`,
    { reason: 'not_json' },
    { cause },
  );
}

function tooLong(within: readonly string[]): InvalidDatasetError {
  return new InvalidDatasetError(
    `The uploaded file holds ${MOST_PIECE_BYTES} bytes without an element of ${within.join(' or ')}. Send one object per customer, and nothing besides.`,
    { reason: 'piece_too_long' },
  );
}
