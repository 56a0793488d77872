import { createHash } from 'node:crypto';
import { z } from 'zod';
import { InvalidRequestError } from './errors.ts';

/**
 * Opaque page cursors. A cursor holds only where its list goes on; the partition always comes from the caller's own
 * tenant, so that a forged cursor can reach nothing but the forger's own rows. The checksum over tenant, list and
 * position turns an altered, foreign or misplaced cursor into a clear error.
 */
const partsSchema = z.array(z.string());

/** Cursor of one tenant's list (`list` names which) that goes on after the position `parts`. */
export function encodeCursor(tenant: string, list: string, parts: readonly string[]): string {
  const body = Buffer.from(JSON.stringify(parts)).toString('base64url');
  return `${body}.${checksum(tenant, list, body)}`;
}

/**
 * The position that `encodeCursor` was given.
 * @throws InvalidRequestError for anything that it did not return for the same tenant and list
 */
export function decodeCursor(tenant: string, list: string, cursor: string): string[] {
  const [body = '', sum, ...rest] = cursor.split('.');
  const parts = rest.length === 0 && sum === checksum(tenant, list, body) ? parsed(body) : undefined;
  if (parts) return parts;
  throw new InvalidRequestError(
    'Invalid input: the cursor is not one that this list returned. Send the `cursor` of the previous page unchanged, or none to start over.',
    { reason: 'invalid_cursor' },
  );
}

function checksum(tenant: string, list: string, body: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, list, body]))
    .digest('base64url')
    .slice(0, 22);
}

function parsed(body: string): string[] | undefined {
  try {
    return partsSchema.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
