import { NotFoundError } from './errors.ts';
import type { ObjectStore } from './ports.ts';

const JSON_TYPE = 'application/json';

/** JSON with sorted keys and a final newline: equal values give equal bytes, whoever built them. */
export function canonicalJson(value: unknown): string {
  return `${JSON.stringify(value, sortKeys)}\n`;
}

/** Reads a JSON document that a step of the same run wrote. @throws NotFoundError */
export async function readJson<T>(objects: ObjectStore, key: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await objects.read(key)));
}

/** As `readJson`; undefined where there is no such object. */
export async function readJsonIfThere<T>(objects: ObjectStore, key: string): Promise<T | undefined> {
  try {
    return await readJson<T>(objects, key);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Writes canonical JSON. */
export async function writeJson(objects: ObjectStore, key: string, value: unknown): Promise<void> {
  await objects.write(key, new TextEncoder().encode(canonicalJson(value)), JSON_TYPE);
}

function sortKeys(_key: string, value: unknown): unknown {
  // What has its own `toJSON` arrives here already turned into plain data.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
