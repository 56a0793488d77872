import { httpHandler } from '../routes/http-handler.ts';
import { routes } from '../routes/table.ts';

/** Lambda entry point of the HTTP API. */
export const handler = httpHandler({ routes });
