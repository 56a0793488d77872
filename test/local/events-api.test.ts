import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventBridgeClient, ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventsApi } from '../../local/events-api.ts';
import { type Listener, listen } from '../../local/http-listener.ts';
import { ADMIN_ARN, createIam, type Iam } from '../../local/iam.ts';
import type { CloudEvent } from '../../local/s3-events.ts';
import { assemblyOf, roleResource } from './support/assembly-fixture.ts';

const BUS = 'arn:aws:events:eu-central-1:000000000000:event-bus/default';

describe('the door of EventBridge', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tessella-events-'));
  const received: CloudEvent[] = [];
  let door: Listener;
  let iam: Iam;
  beforeAll(async () => {
    iam = createIam(
      assemblyOf(folder, {
        Publisher: roleResource({ Effect: 'Allow', Action: ['events:PutEvents'], Resource: [BUS] }),
        Other: roleResource({ Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['*'] }),
      }),
    );
    const bus = { pending: 0, put: async (event: CloudEvent) => void received.push(event) };
    door = await listen(createEventsApi(bus, iam));
  });
  afterAll(async () => {
    await door.close();
    rmSync(folder, { recursive: true });
  });

  const clientOf = (arn: string) =>
    new EventBridgeClient({
      endpoint: door.url,
      region: 'eu-central-1',
      credentials: iam.credentialsFor(arn),
      maxAttempts: 1,
    });
  const role = (name: string) => `arn:aws:iam::000000000000:role/app-${name}`;
  const entry = { Source: 'test', DetailType: 'Something Happened', Detail: '{"n":1}', EventBusName: BUS };

  it('puts the events of who may on the default bus', async () => {
    const { FailedEntryCount, Entries } = await clientOf(role('Publisher')).send(
      new PutEventsCommand({ Entries: [entry, { ...entry, EventBusName: 'default', Time: new Date(0) }] }),
    );
    expect([FailedEntryCount, Entries?.length]).toEqual([0, 2]);
    expect(received).toMatchObject([
      { id: Entries?.[0]?.EventId, source: 'test', 'detail-type': 'Something Happened', detail: { n: 1 } },
      { time: '1970-01-01T00:00:00.000Z', region: 'eu-central-1' },
    ]);
  });

  it('fails for who may not, for another bus, and for what is not offered', async () => {
    const denied = clientOf(role('Other')).send(new PutEventsCommand({ Entries: [entry] }));
    await expect(denied).rejects.toMatchObject({ name: 'AccessDeniedException' });
    const admin = clientOf(ADMIN_ARN);
    const foreign = admin.send(new PutEventsCommand({ Entries: [{ ...entry, EventBusName: 'mine' }] }));
    await expect(foreign).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(admin.send(new ListRulesCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
    await expect(admin.send(new PutEventsCommand({ Entries: [] }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('fails for a detail that is no JSON object, and takes the others', async () => {
    const { FailedEntryCount, Entries } = await clientOf(ADMIN_ARN).send(
      new PutEventsCommand({ Entries: [{ ...entry, Detail: '{' }, { ...entry, Detail: '[1]' }, entry] }),
    );
    expect(FailedEntryCount).toBe(2);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'MalformedDetail',
      'InvalidArgument',
      undefined,
    ]);
  });
});
