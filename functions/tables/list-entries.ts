/**
 * The entries of a list written in one cell, trimmed, empty ones left out.
 * @param separator what parts them; null for a JSON array (Python's single quotes are read too)
 * @returns undefined where the text is no such list
 */
export function listEntries(text: string, separator: string | null): string[] | undefined {
  const entries = separator === null ? jsonEntries(text) : text.split(separator);
  return entries?.map((entry) => entry.trim()).filter((entry) => entry !== '');
}

function jsonEntries(text: string): string[] | undefined {
  const json = /^\[\s*'.*'\s*\]$/.test(text) ? text.replaceAll("'", '"') : text;
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return undefined;
    return value.filter((entry) => entry !== null).map((entry) => textOf(entry));
  } catch {
    return undefined;
  }
}

const textOf = (entry: unknown) => (typeof entry === 'string' ? entry : JSON.stringify(entry));
