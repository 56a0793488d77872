import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { eventbridgeEvents } from '../../functions/adapters/eventbridge-events.ts';
import { sesMailer } from '../../functions/adapters/ses-mailer.ts';
import { TransientStoreError } from '../../functions/errors.ts';
import type { ExperimentEvent } from '../../functions/experiment-ports.ts';

const bus = mockClient(EventBridgeClient);
const mail = mockClient(SESv2Client);
afterEach(() => {
  bus.reset();
  mail.reset();
});

const event: ExperimentEvent = {
  type: 'Experiment Alert',
  tenant: 'acme',
  experiment_id: 'exp_1',
  detail: { type: 'model_stale', trained_at: '2026-11-01T00:00:00.000Z' },
};

describe('events', () => {
  it('go to the bus ten at a time, with tenant and experiment in their detail', async () => {
    bus.on(PutEventsCommand).resolves({ FailedEntryCount: 0 });
    await eventbridgeEvents('arn:bus').publish(Array.from({ length: 12 }, () => event));
    const sent = bus.commandCalls(PutEventsCommand).map(({ args: [{ input }] }) => input.Entries ?? []);
    expect(sent.map(({ length }) => length)).toEqual([10, 2]);
    expect(sent[0]?.[0]).toEqual({
      Source: 'tessella.experiments',
      DetailType: 'Experiment Alert',
      Detail: JSON.stringify({ tenant: 'acme', experiment_id: 'exp_1', ...event.detail }),
      EventBusName: 'arn:bus',
    });
  });

  it('are no request where there are none', async () => {
    await eventbridgeEvents('arn:bus').publish([]);
    expect(bus.calls()).toEqual([]);
  });

  it('fail as a passing fault where the bus does not take one, or is busy', async () => {
    bus.on(PutEventsCommand).resolvesOnce({ FailedEntryCount: 1 });
    await expect(eventbridgeEvents('arn:bus').publish([event])).rejects.toThrow(TransientStoreError);
    bus.on(PutEventsCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    await expect(eventbridgeEvents('arn:bus').publish([event])).rejects.toThrow(TransientStoreError);
  });
});

describe('e-mail', () => {
  const letter = { to: 'ana@example.com', subject: 'On', text: 'It is on.' };

  it('is off without an address to send from', async () => {
    for (const from of [undefined, '']) {
      expect(sesMailer(from).enabled).toBe(false);
      await sesMailer(from).send(letter);
    }
    expect(mail.calls()).toEqual([]);
  });

  it('is sent from the address of the deployment', async () => {
    mail.on(SendEmailCommand).resolves({});
    await sesMailer('tessella@example.com').send(letter);
    expect(mail.commandCalls(SendEmailCommand)[0]?.args[0].input).toMatchObject({
      FromEmailAddress: 'tessella@example.com',
      Destination: { ToAddresses: ['ana@example.com'] },
    });
  });

  it('fails as a passing fault where the service is busy', async () => {
    mail
      .on(SendEmailCommand)
      .rejects(Object.assign(new Error('slow down'), { name: 'TooManyRequestsException' }));
    await expect(sesMailer('tessella@example.com').send(letter)).rejects.toThrow(TransientStoreError);
  });
});
