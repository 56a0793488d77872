import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/main.ts';
import type { StateEvent } from '../../local/workflow-history.ts';
import { writeCloudAssembly } from './support/cloud-fixture.ts';
import { eventually, isAlive, temporaryFolder } from './support/functions.ts';
import { clientAt } from './support/s3-fixture.ts';

/** A real bundle: a plain SDK client, configured by nothing but its environment. */
async function bundleSignedPut(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
        const s3 = new S3Client({});
        export const signedPut = (Bucket, Key, Body) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    write: false,
  });
  return outputFiles[0]!.text;
}

const { folder, remove } = temporaryFolder();
const dataFolder = path.join(folder, 'data');
let assembly: string;
const start = (more: Partial<LocalCloudOptions> = {}) =>
  startLocalCloud({ assembly, dataFolder, port: 0, ...more });

const clientOf = (cloud: LocalCloud) => clientAt(cloud.endpoints.s3, cloud.adminCredentials);
const isOpen = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

beforeAll(async () => {
  assembly = writeCloudAssembly(folder, { signedPut: await bundleSignedPut() });
});
afterAll(remove);

describe('a template on this machine', () => {
  const events: StateEvent[] = [];
  let cloud: LocalCloud;
  beforeAll(async () => {
    cloud = await start({ onState: (event) => events.push(event) });
  });
  afterAll(() => cloud.close());

  it('names what the template made', () => {
    expect(cloud.buckets).toEqual({ Data: 'cloud-data' });
    expect(cloud.tables).toEqual({ Items: 'cloud-items' });
    expect(cloud.outputs).toEqual({ 'cloud.MachineArn': cloud.workflow.stateMachineArns[0] });
  });

  it('runs the workflow over a dropped object, function by function, with each role', async () => {
    const s3 = clientOf(cloud);
    const items = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const drop = { Bucket: 'cloud-data', Key: 'drop/items.json', Body: JSON.stringify(items) };
    await s3.send(new PutObjectCommand(drop));
    const arn = await eventually(() => events[0]?.executionArn);
    expect(await cloud.workflow.finished(arn)).toMatchObject({
      status: 'SUCCEEDED',
      input: '{"key":"drop/items.json"}',
    });
    for (const item of items) {
      const { Body } = await s3.send(
        new GetObjectCommand({ Bucket: 'cloud-data', Key: `out/${item.name}.json` }),
      );
      expect(JSON.parse(await Body!.transformToString())).toEqual({ item, execution: arn });
    }
    expect(events.filter(({ map }) => map).at(-1)?.map).toEqual({ done: 3, total: 3, failed: 0 });
    s3.destroy();
  });

  it('answers the API through authorizer and function', async () => {
    const get = async (key?: string) => {
      const response = await fetch(`${cloud.apiUrl}/v1/items/7`, {
        headers: key ? { 'X-API-Key': key } : {},
      });
      return { status: response.status, body: await response.json() };
    };
    expect(await get('good')).toEqual({
      status: 200,
      body: { path: '/v1/items/7', caller: { tenant: 'acme' }, region: 'eu-central-1' },
    });
    expect(await get('bad')).toEqual({ status: 403, body: { message: 'Forbidden' } });
    expect(await get()).toEqual({ status: 401, body: { message: 'Unauthorized' } });
  });

  it('fails for a second start on the same data folder', async () => {
    await expect(start()).rejects.toThrow('is in use');
    expect(await isOpen(cloud.apiUrl)).toBe(true);
  });
});

describe('starting and closing', () => {
  it('finds objects and items of the last start again', async () => {
    const kept = path.join(folder, 'kept');
    const first = await start({ dataFolder: kept });
    const database = (cloud: LocalCloud) =>
      new DynamoDBClient({
        endpoint: cloud.endpoints.dynamodb,
        region: cloud.region,
        credentials: cloud.adminCredentials,
      });
    await database(first).send(new PutItemCommand({ TableName: 'cloud-items', Item: { pk: { S: 'x' } } }));
    await clientOf(first).send(new PutObjectCommand({ Bucket: 'cloud-data', Key: 'k', Body: 'v' }));
    await first.close();

    const second = await start({ dataFolder: kept });
    const Key = { pk: { S: 'x' } };
    const { Item } = await database(second).send(new GetItemCommand({ TableName: 'cloud-items', Key }));
    expect(Item).toEqual(Key);
    const { Body } = await clientOf(second).send(new GetObjectCommand({ Bucket: 'cloud-data', Key: 'k' }));
    expect(await Body!.transformToString()).toBe('v');
    await second.close();
  });

  it('leaves no process and no port behind, and may be closed twice', async () => {
    const cloud = await start({ dataFolder: path.join(folder, 'closed') });
    await fetch(`${cloud.apiUrl}/v1/items/7`, { headers: { 'X-API-Key': 'good' } });
    const pids = cloud.lambda.functionNames
      .flatMap((name) => cloud.lambda.environments(name))
      .map(({ pid }) => pid);
    expect(pids).toHaveLength(2);
    await Promise.all([cloud.close(), cloud.close()]);
    expect(pids.filter(isAlive)).toEqual([]);
    const { s3, dynamodb, sfn } = cloud.endpoints;
    expect(await Promise.all([cloud.apiUrl, s3, dynamodb, sfn].map(isOpen))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('fails with the port and the option when another program listens there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await eventually(() => server.listening);
    const { port } = server.address() as AddressInfo;
    await expect(start({ port })).rejects.toThrow(`Port ${port} is already in use on 127.0.0.1`);
    await expect(start({ port })).rejects.toThrow('--port');
    server.close();
  });

  it('fails half-way without leaving a port or a lock behind', async () => {
    const broken = path.join(folder, 'broken');
    const States = { Only: { Type: 'Pass', QueryLanguage: 'JSONata', End: true } };
    const bad = writeCloudAssembly(broken, {
      signedPut: '',
      resources: {
        Bad: {
          Type: 'AWS::StepFunctions::StateMachine',
          Properties: {
            RoleArn: { 'Fn::GetAtt': ['MachineRole', 'Arn'] },
            DefinitionString: JSON.stringify({ StartAt: 'Only', States }),
          },
        },
      },
    });
    const server = createServer().listen(0, '127.0.0.1');
    await eventually(() => server.listening);
    const { port } = server.address() as AddressInfo;
    server.close();
    const options = { port, dataFolder: path.join(broken, 'data') };
    await expect(start({ ...options, assembly: bad })).rejects.toThrow('state Only: JSONata');
    expect(await isOpen(`http://127.0.0.1:${port}`)).toBe(false);
    await (await start(options)).close();
  });
});
