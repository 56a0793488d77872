import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SCOPES } from '../functions/contracts/env.ts';
import { type LocalCloud, startLocalCloud } from '../local/main.ts';
import { ASSEMBLY, ensureBuilt } from './build.ts';
import { keyOf, mintCustomerApiKey, mintKey, storeKey } from './keys.ts';
import { EXIT } from './terminal.ts';

/** Options of every command that boots the stack. */
export interface StackOptions {
  /** Folder that keeps objects and tables between starts. */
  readonly data: string;
  /** Port of the API. */
  readonly port: number;
  readonly tenant: string;
  /** Begin with an empty data folder. */
  readonly fresh?: boolean;
}

export interface LocalStack {
  readonly cloud: LocalCloud;
  /** Text to send in `X-API-Key`; opens the data of `tenant`. */
  readonly apiKey: string;
  /** Values of `X-Customer-Api-Id` and `X-Secret`, for the drill-down routes. */
  readonly customerApi: { readonly id: string; readonly secret: string };
  /** Value of a stack output, e.g. `DataBucketName`. */
  output(name: string): string;
  close(): Promise<void>;
}

/**
 * A development key per data folder and tenant: yesterday's key keeps working, also after the tables were emptied,
 * since its record is stored again.
 */
async function developmentKey(
  client: DynamoDBClient,
  table: string,
  { data, tenant }: StackOptions,
): Promise<string> {
  const file = join(data, `development-key-${tenant}`);
  const known = existsSync(file) ? keyOf(readFileSync(file, 'utf8').trim(), SCOPES) : undefined;
  const key = known?.record.tenant === tenant ? known : mintKey(tenant, SCOPES);
  try {
    await storeKey(client, table, key);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
  if (key !== known) writeFileSync(file, `${key.text}\n`, { mode: 0o600 });
  return key.text;
}

/** The same for the two headers of the drill-down routes. */
async function developmentCustomerApi(
  client: DynamoDBClient,
  table: string,
  { data, tenant }: StackOptions,
): Promise<LocalStack['customerApi']> {
  const file = join(data, `development-customer-api-${tenant}`);
  const [customerApiId, secret] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  const isKnown = customerApiId !== undefined && secret !== undefined;
  const key = mintCustomerApiKey(tenant, SCOPES, isKnown ? { customerApiId, secret } : {});
  try {
    await storeKey(client, table, key);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
  if (!isKnown) writeFileSync(file, `${key.customerApiId} ${key.secret}\n`, { mode: 0o600 });
  return { id: key.customerApiId, secret: key.secret };
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
  hooks: Pick<Parameters<typeof startLocalCloud>[0], 'onState' | 'onDatabase'> = {},
): Promise<LocalStack> {
  await ensureBuilt(log);
  const data = resolve(options.data);
  const cloud = await startLocalCloud({
    assembly: ASSEMBLY,
    dataFolder: data,
    // Only what a stack has written is deleted: another folder may hold `logs` of somebody else.
    fresh: options.fresh === true && existsSync(join(data, 'dynamodb', 'CURRENT')),
    port: options.port,
    log: logTo(join(data, 'stack.log')),
    ...hooks,
  });
  try {
    const output = (name: string): string => {
      const [, value] = Object.entries(cloud.outputs).find(([key]) => key.endsWith(`.${name}`)) ?? [];
      if (typeof value !== 'string') throw new Error(`The template has no output ${name}.`);
      return value;
    };
    const client = new DynamoDBClient({
      region: cloud.region,
      endpoint: cloud.endpoints.dynamodb,
      credentials: cloud.adminCredentials,
    });
    const keys = output('ApiKeysTableName');
    const apiKey = await developmentKey(client, keys, { ...options, data });
    const customerApi = await developmentCustomerApi(client, keys, { ...options, data });
    client.destroy();
    return { cloud, apiKey, customerApi, output, close: () => cloud.close() };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

/** Resolves at the first SIGINT or SIGTERM, for an orderly end; a second one ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((done) => {
    let interrupted = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (interrupted) process.exit(EXIT.failed);
        interrupted = true;
        done();
      });
    }
  });
}
