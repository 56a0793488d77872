// With the full-width forms of = + - @, escaped: one such character makes the text of a whole bundle 16 bits wide.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A field of CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP
 * advises against CSV injection; plain numbers, `-5` among them, stay as they are. Quoted is also what holds another
 * delimiter: where a semicolon divides cells, the rest of a text would be a cell of its own.
 */
export function csvField(text: string): string {
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
