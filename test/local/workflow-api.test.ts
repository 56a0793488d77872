import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listener, listen } from '../../local/http-listener.ts';
import { ADMIN_ARN, createIam, type Iam } from '../../local/iam.ts';
import type { Workflow } from '../../local/workflow.ts';
import { createWorkflowApi } from '../../local/workflow-api.ts';
import { assemblyOf, roleResource } from './support/assembly-fixture.ts';
import { temporaryFolder } from './support/functions.ts';
import { MACHINE, only, task, workflowOf } from './support/workflows.ts';

describe('the door of Step Functions', () => {
  const { folder, remove } = temporaryFolder();
  let workflow: Workflow;
  let door: Listener;
  let iam: Iam;
  let admin: SFNClient;
  const clientFor = (principal: string) =>
    new SFNClient({
      endpoint: door.url,
      region: 'eu-central-1',
      credentials: iam.credentialsFor(principal),
      maxAttempts: 1,
    });

  beforeAll(async () => {
    const assembly = assemblyOf(folder, {
      Starter: roleResource({ Effect: 'Allow', Action: 'states:StartExecution', Resource: MACHINE }),
    });
    iam = createIam(assembly);
    workflow = workflowOf(only(task()), async (event) => {
      await new Promise((resolve) => setTimeout(resolve, event === 'slow' ? 400 : 0));
      return { got: event };
    });
    door = await listen(createWorkflowApi(workflow, iam));
    admin = clientFor(ADMIN_ARN);
  });
  afterAll(async () => {
    admin.destroy();
    await workflow.close();
    await door.close();
    remove();
  });

  it('starts, describes and tells the history of an execution', async () => {
    const start = new StartExecutionCommand({ stateMachineArn: MACHINE, name: 'first', input: '{"a":1}' });
    const { executionArn, startDate } = await admin.send(start);
    expect(executionArn).toBe(`${MACHINE.replace(':stateMachine:', ':execution:')}:first`);
    expect(Math.abs(Date.now() - Number(startDate))).toBeLessThan(60_000);
    await workflow.finished(executionArn!);

    expect(await admin.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      input: '{"a":1}',
      output: '{"got":{"a":1}}',
      startDate,
      stopDate: expect.any(Date),
    });
    const { events = [] } = await admin.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events.map(({ id, type }) => [id, type])).toEqual([
      [1, 'ExecutionStarted'],
      [2, 'TaskStateEntered'],
      [3, 'TaskStateExited'],
      [4, 'ExecutionSucceeded'],
    ]);
    expect(events[1]?.stateEnteredEventDetails).toEqual({ name: 'Only', input: '{"a":1}' });
    expect(events[3]?.executionSucceededEventDetails).toEqual({ output: '{"got":{"a":1}}' });
    const last = new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 });
    expect((await admin.send(last)).events?.[0]?.type).toBe('ExecutionSucceeded');
  });

  it('lists executions in pages, the latest first', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) {
      const { executionArn } = await admin.send(
        new StartExecutionCommand({ stateMachineArn: MACHINE, name }),
      );
      await workflow.finished(executionArn!);
    }
    const list = async (nextToken?: string) =>
      admin.send(new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 2, nextToken }));
    const first = await list();
    const second = await list(first.nextToken);
    expect([first, second].map(({ executions = [] }) => executions.map(({ name }) => name))).toEqual([
      ['page-3', 'page-2'],
      ['page-1', 'first'],
    ]);
    expect(second.nextToken).toBeUndefined();
  });

  it('stops an execution', async () => {
    const start = new StartExecutionCommand({ stateMachineArn: MACHINE, input: '"slow"' });
    const { executionArn } = await admin.send(start);
    const { stopDate } = await admin.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
    expect(stopDate).toBeInstanceOf(Date);
    expect(await admin.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
    });
  });

  it('lets a role do what its policy allows, and no more', async () => {
    const starter = clientFor('arn:aws:iam::000000000000:role/app-Starter');
    const { executionArn } = await starter.send(new StartExecutionCommand({ stateMachineArn: MACHINE }));
    await expect(starter.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    starter.destroy();
  });

  it('fails with the exceptions of the API', async () => {
    const start = (more: object) =>
      admin.send(new StartExecutionCommand({ stateMachineArn: MACHINE, ...more }));
    await expect(start({ name: 'first' })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await expect(start({ input: '{' })).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
    await expect(start({ name: 'a b' })).rejects.toMatchObject({ name: 'InvalidName' });
    await expect(start({ stateMachineArn: `${MACHINE}x` })).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
    const executionArn = `${MACHINE.replace(':stateMachine:', ':execution:')}:nobody`;
    await expect(admin.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
  });

  it('fails for a key that does not exist here and for requests without a signature', async () => {
    const stranger = new SFNClient({
      endpoint: door.url,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    await expect(stranger.send(new StartExecutionCommand({ stateMachineArn: MACHINE }))).rejects.toThrow(
      'AKIASTRANGER',
    );
    stranger.destroy();
    const response = await fetch(door.url, { method: 'POST', body: '{}' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });
});
