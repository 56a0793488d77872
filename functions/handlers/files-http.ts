import { fileRoutes } from '../routes/files-table.ts';
import { httpHandler } from '../routes/http-handler.ts';

/** Lambda entry point of the routes that let callers move files to and from the bucket. */
export const handler = httpHandler({ routes: fileRoutes });
