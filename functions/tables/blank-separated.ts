const TAB = 0x09;
const LF = 0x0a;
/** Lines that must agree before a text counts as separated by blanks. */
const LINES = 20;

const isBlank = (byte: number) => byte === 0x20 || byte === TAB || byte === 0x0d;

/**
 * Whether the lines of a text are fields separated by runs of blanks: at least two on every line, as many on each, no
 * delimiter of CSV anywhere, and not a tab on every line.
 * @param sample the first bytes of the file
 */
export function isBlankSeparated(sample: Uint8Array): boolean {
  let end = sample.indexOf(LF);
  for (let line = 0; line < LINES && end >= 0; line++) end = sample.indexOf(LF, end + 1);
  const text = new TextDecoder('latin1').decode(end < 0 ? sample : sample.subarray(0, end));
  const lines = text.split('\n', LINES + 1);
  // The last line of a sample may be cut.
  if (lines.length > 1) lines.pop();
  const rows = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (rows.length === 0 || rows.some((row) => /[,;|"]/.test(row))) return false;
  if (rows.every((row) => row.includes('\t'))) return false;
  const counts = rows.map((row) => row.split(/[ \t]+/).length);
  return counts[0]! >= 2 && counts.every((count) => count === counts[0]);
}

/**
 * Rewrites runs of blanks as one tab each, and drops those at the ends of lines, so that what is left is tab-separated
 * text with the same line breaks. The function returned takes the chunks of one text in turn.
 */
export function blanksToTabs(): (chunk: Uint8Array) => Uint8Array {
  let atLineStart = true;
  let isPending = false;
  return (chunk) => {
    const out = new Uint8Array(chunk.length + 1);
    let length = 0;
    for (const byte of chunk) {
      if (isBlank(byte)) isPending = true;
      else {
        if (isPending && !atLineStart && byte !== LF) out[length++] = TAB;
        out[length++] = byte;
        isPending = false;
        atLineStart = byte === LF;
      }
    }
    return out.subarray(0, length);
  };
}
