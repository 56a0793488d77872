import { mkdirSync, writeFileSync } from 'node:fs';
import { allRoutes } from './all-routes.ts';
import { openapiDocument } from './openapi-document.ts';

/** Where the document lies in the repository. */
export const OPENAPI_FILE = new URL('../../docs/openapi.json', import.meta.url);

/** Text of the file: what `node functions/routes/openapi-file.ts` writes, and a test compares. */
export function openapiText(): string {
  return `${JSON.stringify(openapiDocument(allRoutes), null, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(new URL('.', OPENAPI_FILE), { recursive: true });
  writeFileSync(OPENAPI_FILE, openapiText());
}
