import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Command } from 'commander';
import { KEY, SCOPES, type Scope } from '../functions/contracts/env.ts';
import { customerApiKey, SHORTEST_SECRET, tokenIssuerKey } from '../functions/contracts/keys.ts';
import type { ApiKeyRecord, TokenIssuerRecord } from '../functions/contracts/records.ts';
import { InvalidRequestError } from '../functions/errors.ts';
import { name } from './options.ts';
import { printJson } from './terminal.ts';

/** A new API key: the text its holder sends in `X-API-Key`, and the record that is stored (a hash, no secret). */
export interface MintedKey {
  readonly text: string;
  readonly record: ApiKeyRecord;
}

/** A key that is sent in two headers. */
export interface CustomerApiKey extends MintedKey {
  readonly customerApiId: string;
  readonly secret: string;
}

/** A new key. 256 random bits per secret, so a plain SHA-256 is enough: there is nothing to guess. */
export function mintKey(tenant: string, scopes: readonly Scope[]): MintedKey {
  const keyId = randomBytes(9).toString('base64url');
  const secret = randomBytes(32).toString('base64url');
  return keyOf(`tsl.${tenant}.${keyId}.${secret}`, scopes)!;
}

/** A key for the two headers `X-Customer-Api-Id` and `X-Secret`: a new one, or the one of these texts. */
export function mintCustomerApiKey(
  tenant: string,
  scopes: readonly Scope[],
  { customerApiId = randomUUID() as string, secret = randomBytes(32).toString('base64url') } = {},
): CustomerApiKey {
  const record = {
    tenant,
    keyId: customerApiId,
    customerApiId,
    secretHash: hashOf(secret),
    scopes,
    createdAt: new Date().toISOString(),
  };
  return { text: `X-Customer-Api-Id: ${customerApiId}\nX-Secret: ${secret}`, customerApiId, secret, record };
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** The key that a text spells; undefined when it spells none. */
export function keyOf(text: string, scopes: readonly Scope[]): MintedKey | undefined {
  const [prefix, tenant, keyId, secret, ...rest] = text.split('.');
  if (prefix !== 'tsl' || !tenant || !keyId || !secret || rest.length > 0) return undefined;
  return {
    text,
    record: { tenant, keyId, secretHash: hashOf(secret), scopes, createdAt: new Date().toISOString() },
  };
}

/** Stores a minted key; of one with the same id and secret it renews the scopes, any other it refuses to overwrite. */
export async function storeKey(client: DynamoDBClient, table: string, { record }: MintedKey): Promise<void> {
  const { customerApiId } = record;
  const { partition, sort } = customerApiId
    ? customerApiKey(customerApiId)
    : { partition: `T#${record.tenant}`, sort: `KEY#${record.keyId}` };
  await DynamoDBDocumentClient.from(client).send(
    new PutCommand({
      TableName: table,
      Item: {
        [KEY.partition]: partition,
        [KEY.sort]: sort,
        ...record,
      },
      ConditionExpression: 'attribute_not_exists(#pk) OR secretHash = :same',
      ExpressionAttributeNames: { '#pk': KEY.partition },
      ExpressionAttributeValues: { ':same': record.secretHash },
    }),
  );
}

function parseScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (unknown !== undefined) {
    throw new InvalidRequestError(`Unknown scope "${unknown}": expected a list of ${SCOPES.join(', ')}.`);
  }
  return SCOPES.filter((known) => scopes.includes(known));
}

interface TrustOptions {
  readonly table: string;
  readonly tenant: string;
  readonly issuer: string;
  readonly scopes: string;
  readonly jwksUrl?: string;
  readonly secretEnv?: string;
  readonly audience?: string;
}

/**
 * The record of a token issuer.
 * @throws InvalidRequestError unless it has either a key set or a secret, the one over https, the other of 32 characters
 */
export function tokenIssuer(
  { tenant, issuer, scopes, jwksUrl, secretEnv, audience }: Omit<TrustOptions, 'table'>,
  env: NodeJS.ProcessEnv = process.env,
): TokenIssuerRecord {
  const secret = secretEnv === undefined ? undefined : env[secretEnv];
  if ((jwksUrl === undefined) === (secretEnv === undefined)) {
    throw new InvalidRequestError('Say how tokens are signed: either --jwks-url or --secret-env.');
  }
  if (jwksUrl !== undefined && !jwksUrl.startsWith('https://')) {
    throw new InvalidRequestError(`The key set ${jwksUrl} does not begin with https://.`);
  }
  if (secretEnv !== undefined && (secret?.length ?? 0) < SHORTEST_SECRET) {
    throw new InvalidRequestError(
      `The environment variable ${secretEnv} holds ${secret?.length ?? 0} characters; a secret needs ${SHORTEST_SECRET}.`,
    );
  }
  return {
    tenant,
    issuerId: issuer,
    ...(secret !== undefined && { secret }),
    ...(jwksUrl !== undefined && { jwksUrl }),
    ...(audience !== undefined && { audience }),
    scopes: parseScopes(scopes),
    createdAt: new Date().toISOString(),
  };
}

/** Stores a token issuer, in place of a former one of the same name. */
export async function storeIssuer(
  client: DynamoDBClient,
  table: string,
  record: TokenIssuerRecord,
): Promise<void> {
  const { partition, sort } = tokenIssuerKey(record.tenant, record.issuerId);
  const Item = { [KEY.partition]: partition, [KEY.sort]: sort, ...record };
  await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: table, Item }));
}

interface CreateOptions {
  readonly table: string;
  readonly tenant: string;
  readonly scopes: string;
  readonly customerApi?: boolean;
  readonly json?: boolean;
}

/** `tessella keys create`: an API key for a deployed stack, stored with the caller's own AWS credentials. */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('API keys of a deployed stack');
  keys
    .command('create')
    .description('create an API key in the stack that your AWS credentials reach; it is shown once')
    .requiredOption('--table <name>', 'name of the API key table: output ApiKeysTableName of the data stack')
    .requiredOption('--tenant <name>', 'tenant whose data the key opens', name)
    .option('--scopes <list>', 'comma-separated scopes', SCOPES.join(','))
    .option('--customer-api', 'a pair for the headers X-Customer-Api-Id and X-Secret (drill-down routes)')
    .option('--json', 'print machine-readable JSON')
    .action(async (options: CreateOptions) => {
      const mint = options.customerApi ? mintCustomerApiKey : mintKey;
      const key = mint(options.tenant, parseScopes(options.scopes));
      await storeKey(new DynamoDBClient({}), options.table, key);
      if (options.json) printJson({ key: key.text, tenant: key.record.tenant, scopes: key.record.scopes });
      else
        process.stdout.write(
          `${key.text}\n${options.customerApi ? 'Send both headers.' : 'Send it as X-API-Key.'} It is stored as a hash and cannot be shown again.\n`,
        );
    });
  keys
    .command('trust')
    .description('take the JSON Web Tokens of an issuer for a tenant, beside its API keys')
    .requiredOption('--table <name>', 'name of the API key table: output ApiKeysTableName of the data stack')
    .requiredOption('--tenant <name>', 'tenant whose data the tokens open: their claim "tenant"', name)
    .option('--issuer <iss>', 'their claim "iss"; "default" for tokens without one', 'default')
    .option('--jwks-url <url>', 'where the public keys of the issuer are')
    .option('--secret-env <name>', 'environment variable that holds the HS256 secret')
    .option('--audience <aud>', 'claim "aud" that the tokens must carry')
    .option('--scopes <list>', 'what they may do, comma-separated', 'campaigns:read')
    .action(async (options: TrustOptions) => {
      await storeIssuer(new DynamoDBClient({}), options.table, tokenIssuer(options));
      process.stdout.write(`Tokens of ${options.issuer} open the data of ${options.tenant} from now on.\n`);
    });
}
