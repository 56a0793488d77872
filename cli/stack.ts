import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SCOPES } from '../functions/contracts/env.ts';
import { type LocalCloud, startLocalCloud } from '../local/main.ts';
import { ASSEMBLY, ensureBuilt } from './build.ts';
import { mintKey, storeKey } from './keys.ts';

/** Options of every command that boots the stack. */
export interface StackOptions {
  /** Folder that keeps objects and tables between starts. */
  readonly data: string;
  /** Port of the API. */
  readonly port: number;
  readonly tenant: string;
}

export interface LocalStack {
  readonly cloud: LocalCloud;
  /** Text to send in `X-API-Key`; opens the data of `tenant`. */
  readonly apiKey: string;
  /** Value of a stack output, e.g. `DataBucketName`. */
  output(name: string): string;
  close(): Promise<void>;
}

const KEY_FILE = 'development-key-';

/** Removes what a stack keeps in its data folder, the development keys with the table that knows them; nothing else. */
export function emptyDataFolder(folder: string): void {
  if (!existsSync(folder)) return;
  const kept = ['s3', 'dynamodb', 'logs', 'stack.log'];
  for (const name of readdirSync(folder)) {
    if (kept.includes(name) || name.startsWith(KEY_FILE))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** A development key per data folder and tenant: yesterday's key keeps working. */
async function developmentKey(
  cloud: LocalCloud,
  table: string,
  { data, tenant }: StackOptions,
): Promise<string> {
  const file = join(data, KEY_FILE + tenant);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const key = mintKey(tenant, SCOPES);
  const client = new DynamoDBClient({
    region: cloud.region,
    endpoint: cloud.endpoints.dynamodb,
    credentials: cloud.adminCredentials,
  });
  await storeKey(client, table, key);
  client.destroy();
  writeFileSync(file, `${key.text}\n`, { mode: 0o600 });
  return key.text;
}

/** What the stack itself has to say (deliveries, errors of the emulators) goes to a file, not between the results. */
function logTo(file: string): (line: string) => void {
  mkdirSync(dirname(file), { recursive: true });
  return (line) => appendFileSync(file, `${line}\n`);
}

/** Builds what is stale, boots the local cloud from the synthesized template and makes a development key. */
export async function startStack(
  options: StackOptions,
  log: (line: string) => void,
  onState?: Parameters<typeof startLocalCloud>[0]['onState'],
): Promise<LocalStack> {
  await ensureBuilt(log);
  const data = resolve(options.data);
  const cloud = await startLocalCloud({
    assembly: ASSEMBLY,
    dataFolder: data,
    port: options.port,
    log: logTo(join(data, 'stack.log')),
    ...(onState ? { onState } : {}),
  });
  try {
    const output = (name: string): string => {
      const [, value] = Object.entries(cloud.outputs).find(([key]) => key.endsWith(`.${name}`)) ?? [];
      if (typeof value !== 'string') throw new Error(`The template has no output ${name}.`);
      return value;
    };
    const apiKey = await developmentKey(cloud, output('ApiKeysTableName'), { ...options, data });
    return { cloud, apiKey, output, close: () => cloud.close() };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

/** Resolves at the first SIGINT or SIGTERM. */
export function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
}
