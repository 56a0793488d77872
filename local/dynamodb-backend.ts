import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { REGION } from './template-names.ts';

/** An answer of the database, to be handed on as it is. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A database that speaks the DynamoDB protocol, and asks nobody who he is. */
export interface Backend {
  /** Sends one operation, e.g. `GetItem`, with its JSON. */
  send(operation: string, body: Buffer): Promise<BackendAnswer>;
  close(): Promise<void>;
}

/** The data folder is in use by another process. */
export class DataFolderLockedError extends Error {
  override readonly name = 'DataFolderLockedError';
}

/** Databases want to see a signature, but do not verify it: the door in front of them did. */
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=local/20250101/${REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`;

function client(target: { socketPath: string } | { host: string; port: number }) {
  const agent = new Agent({ keepAlive: true });
  const send = (operation: string, body: Buffer) =>
    new Promise<BackendAnswer>((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': body.length,
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20250101T000000Z',
        authorization: AUTHORIZATION,
      };
      const sent = request({ ...target, agent, method: 'POST', path: '/', headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 500,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      sent.on('error', reject).end(body);
    });
  return { send, destroy: () => agent.destroy() };
}

/** dynalite ships no types; it returns a plain HTTP server. */
type Dynalite = (options: { path: string; createTableMs: number }) => Server;

/** The key-value store below dynalite. */
interface LevelModule {
  readonly Level: new (path: string) => { open(): Promise<void>; close(): Promise<void> };
}

/** dynalite crashes the process when its folder is in use, so the lock is tried first. */
async function tryLock(folder: string, requireFromDynalite: NodeJS.Require): Promise<void> {
  const { Level } = requireFromDynalite('level') as LevelModule;
  const probe = new Level(folder);
  try {
    await probe.open();
  } catch (error) {
    const { cause = error } = error as Error;
    if ((cause as { code?: string }).code !== 'LEVEL_LOCKED') throw error;
    throw new DataFolderLockedError(
      `${folder} is in use by another process; stop it first, or choose another data folder.`,
      { cause: error },
    );
  }
  await probe.close();
}

/**
 * Starts dynalite in this process, its data below `folder`. It is reached by a socket that only this user can open.
 *
 * @param fresh whether to delete first what the folder holds
 * @throws DataFolderLockedError when another process has the folder open
 */
export async function startDynalite(folder: string, fresh = false): Promise<Backend> {
  mkdirSync(folder, { recursive: true });
  const require = createRequire(import.meta.url);
  await tryLock(folder, createRequire(require.resolve('dynalite')));
  if (fresh) {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  }
  const socketFolder = mkdtempSync(path.join(tmpdir(), 'tessella-db-'));
  const socketPath = path.join(socketFolder, 'socket');
  const server = (require('dynalite') as Dynalite)({ path: folder, createTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socketPath, resolve);
  });
  const { send, destroy } = client({ socketPath });
  return {
    send,
    async close() {
      destroy();
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      server.closeAllConnections();
      await closed;
      rmSync(socketFolder, { recursive: true, force: true });
    },
  };
}

/** A database that runs already, such as Amazon's DynamoDB Local; it is not stopped with this machine. */
export function connectBackend(url: string): Backend {
  const { hostname, port } = new URL(url);
  const { send, destroy } = client({ host: hostname, port: Number(port) });
  return { send, close: async () => destroy() };
}
