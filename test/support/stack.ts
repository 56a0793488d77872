import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mintKey, storeKey } from '../../cli/keys.ts';
import type { RunDetail } from '../../functions/contracts/api-runs.ts';
import { SCOPES } from '../../functions/contracts/env.ts';
import { startLocalCloud } from '../../local/main.ts';
import type { ScheduleClock } from '../../local/schedules.ts';
import type { ExecutionDescription } from '../../local/workflow.ts';

const DEPLOYED = fileURLToPath(new URL('../../cdk.out', import.meta.url));

/** The synthesized template on this machine, as a caller and as an operator of a data centre see it. */
export type Stack = Awaited<ReturnType<typeof startStack>>;

/**
 * Boots `cdk.out`, or another synthesized assembly, on free ports and an empty data folder; schedules fire where asked for, or
 * by a clock alone.
 */
export async function startStack(
  dataFolder = mkdtempSync(join(tmpdir(), 'tessella-e2e-')),
  assembly = DEPLOYED,
  { schedules = false }: { readonly schedules?: boolean | ScheduleClock } = {},
) {
  const arns: string[] = [];
  const cloud = await startLocalCloud({
    assembly,
    dataFolder,
    port: 0,
    schedules,
    onState: ({ executionArn }) => void (arns.includes(executionArn) || arns.push(executionArn)),
  });
  const { region, adminCredentials: credentials, endpoints } = cloud;
  const s3 = new S3Client({ region, credentials, endpoint: endpoints.s3, forcePathStyle: true });
  const dynamodb = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  const output = (name: string) =>
    String(Object.entries(cloud.outputs).find(([key]) => key.endsWith(`.${name}`))![1]);
  const Bucket = output('DataBucketName');

  return {
    cloud,
    dataFolder,
    /** With every right, as the data's owner. */
    s3,
    dynamodb,
    output,
    bucket: Bucket,
    /** A key of the tenant, with all scopes. */
    async keyOf(tenant: string): Promise<string> {
      const key = mintKey(tenant, SCOPES);
      await storeKey(dynamodb, output('ApiKeysTableName'), key);
      return key.text;
    },
    async put(key: string, body: string | Uint8Array): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: body }));
    },
    async object(key: string): Promise<Uint8Array> {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
      return Body!.transformToByteArray();
    },
    /** Puts an object under `drop/` and waits for the end of the execution that this starts. */
    async drop(key: string, body: string | Uint8Array): Promise<ExecutionDescription> {
      const before = arns.length;
      await this.put(key, body);
      for (let waited = 0; arns.length === before; waited += 20) {
        if (waited > 20_000) throw new Error(`Dropping ${key} started no execution.`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return cloud.workflow.finished(arns[before]!);
    },
    async close(): Promise<void> {
      s3.destroy();
      dynamodb.destroy();
      await cloud.close();
    },
    /** Closes, and removes the data. */
    async remove(): Promise<void> {
      await this.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Calls the HTTP API with nothing but `fetch`. */
export function apiOf({ cloud }: Stack, key: string) {
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> => {
    const response = await fetch(`${cloud.apiUrl}${path}`, {
      method,
      headers: { 'X-API-Key': key, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  return {
    call,
    get: <T>(path: string) => call<T>('GET', path),
    post: <T>(path: string, body: unknown) => call<T>('POST', path, body),
    run: async (runId: string) => (await call<RunDetail>('GET', `/v1/runs/${runId}`)).body,
  };
}
