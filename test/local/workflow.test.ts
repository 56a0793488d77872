import { describe, expect, it } from 'vitest';
import { FunctionError, LambdaServiceError } from '../../local/lambda-error.ts';
import type { StateEvent } from '../../local/workflow-history.ts';
import { eventually } from './support/functions.ts';
import { execute, MACHINE, only, task, WORKER, workflowOf } from './support/workflows.ts';

const failWith =
  (errorType: string, errorMessage = 'why') =>
  () => {
    throw new FunctionError({ errorType, errorMessage, trace: [] });
  };
const INVOKE = 'arn:aws:states:::lambda:invoke';

describe('a task', () => {
  it('calls the function named by its resource', async () => {
    const { status, result } = await execute(only(task()), { a: 1 }, (event) => ({ got: event }));
    expect([status, result]).toEqual(['SUCCEEDED', { got: { a: 1 } }]);
  });

  it('calls a function through lambda:invoke and gives status and payload', async () => {
    const state = task({ Resource: INVOKE, Parameters: { FunctionName: 'worker', 'Payload.$': '$.a' } });
    const { result } = await execute(only(state), { a: [1] });
    expect(result).toEqual({ ExecutedVersion: '$LATEST', Payload: [1], StatusCode: 200 });
  });

  it('does not wait for a function it calls as an event, and never hears of its failure', async () => {
    const Parameters = { FunctionName: WORKER, InvocationType: 'Event', Payload: {} };
    const { result } = await execute(only(task({ Resource: INVOKE, Parameters })), {}, failWith('Boom'));
    expect(result).toEqual({ StatusCode: 202 });
  });

  it('replaces the whole input when the result path is $', async () => {
    expect((await execute(only(task({ ResultPath: '$' })), { a: 1 }, () => 7)).result).toBe(7);
  });

  it('reads id, name, input and start of the execution, also inside a branch', async () => {
    const Parameters = {
      'id.$': '$$.Execution.Id',
      'name.$': '$$.Execution.Name',
      'input.$': '$$.Execution.Input',
      'text.$': "States.Format('{}/{}', $$.StateMachine.Name, $$.Execution.Input.k)",
    };
    const definition = only({
      Type: 'Parallel',
      InputPath: '$.part',
      Branches: [{ StartAt: 'Inner', States: { Inner: { Type: 'Pass', Parameters, End: true } } }],
    });
    const { result, executionArn, name } = await execute(definition, { k: 'v', part: {} });
    expect(result).toEqual([{ id: executionArn, name, input: { k: 'v', part: {} }, text: 'machine/v' }]);
    expect(executionArn).toBe(`${MACHINE.replace(':stateMachine:', ':execution:')}:${name}`);
  });

  it('fails with the error the function threw, and its payload as the cause', async () => {
    const { status, error, cause } = await execute(
      only(task()),
      {},
      failWith('InvalidDatasetError', 'line 3'),
    );
    expect([status, error]).toEqual(['FAILED', 'InvalidDatasetError']);
    expect(JSON.parse(cause ?? '')).toEqual({
      errorType: 'InvalidDatasetError',
      errorMessage: 'line 3',
      trace: [],
    });
  });

  it('fails with a Lambda error when the call itself is refused', async () => {
    const refuse = () => {
      throw new LambdaServiceError('TooManyRequestsException', 429, 'Rate Exceeded.');
    };
    expect((await execute(only(task()), {}, refuse)).error).toBe('Lambda.TooManyRequestsException');
  });

  it('fails when the role of the machine may not invoke the function', async () => {
    const asked: string[][] = [];
    const isAllowed = (...question: string[]) => asked.push(question) === 0;
    const { error, cause } = await execute(only(task()), {}, undefined, { isAllowed });
    expect(asked).toEqual([['role', 'lambda:InvokeFunction', WORKER]]);
    expect(error).toBe('Lambda.AWSLambdaException');
    expect(cause).toContain('not authorized to perform: lambda:InvokeFunction');
  });

  it('fails beyond 256 KiB of result, which nothing can catch', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Rescue' }];
    const States = { Only: { ...task({ Catch }) }, Rescue: { Type: 'Succeed' } };
    const large = () => 'x'.repeat(262_145);
    expect((await execute({ StartAt: 'Only', States }, {}, large)).error).toBe('States.DataLimitExceeded');
    expect((await execute({ StartAt: 'Only', States }, {}, () => 'x'.repeat(262_100))).status).toBe(
      'SUCCEEDED',
    );
  });

  it('fails with States.Timeout when it takes longer than it may', async () => {
    const slow = () => new Promise<null>((resolve) => setTimeout(resolve, 2000, null));
    expect((await execute(only(task({ TimeoutSeconds: 1 })), {}, slow)).error).toBe('States.Timeout');
  });
});

describe('retry and catch', () => {
  const retry = (ErrorEquals: string[], MaxAttempts = 3) => ({
    Retry: [{ ErrorEquals, IntervalSeconds: 0.01, BackoffRate: 1, MaxAttempts }],
  });
  const flaky = (failures: number, errorType: string) => {
    let calls = 0;
    return () => (calls++ < failures ? failWith(errorType)() : calls);
  };

  it('tries again for a named error until it succeeds', async () => {
    const { result } = await execute(
      only(task(retry(['Runtime.ExitError']))),
      {},
      flaky(2, 'Runtime.ExitError'),
    );
    expect(result).toBe(3);
  });

  it('keeps input and error when a catcher takes over after the last attempt', async () => {
    const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Rescue' }];
    const States = {
      Only: { ...task({ ...retry(['Boom'], 1), Catch }), End: undefined, Next: 'Rescue' },
      Rescue: { Type: 'Succeed' },
    };
    const definition = JSON.parse(JSON.stringify({ StartAt: 'Only', States }));
    const { result } = await execute(definition, { keep: 1 }, flaky(9, 'Boom'));
    expect(result).toMatchObject({
      keep: 1,
      error: { Error: 'Boom', Cause: expect.stringContaining('why') },
    });
  });

  it('fails at once for an error that no retrier names', async () => {
    let calls = 0;
    const worker = () => {
      calls++;
      return failWith('Bug')();
    };
    expect((await execute(only(task(retry(['Sandbox.Timedout']))), {}, worker)).error).toBe('Bug');
    expect(calls).toBe(1);
  });
});

describe('executions', () => {
  it('are one when started twice with the same name and input while running', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<null>((resolve) => {
      release = () => resolve(null);
    });
    const workflow = workflowOf(only(task()), () => held);
    const arn = workflow.start(MACHINE, { a: 1 }, 'once');
    expect(workflow.start(MACHINE, { a: 1 }, 'once')).toBe(arn);
    expect(() => workflow.start(MACHINE, { a: 2 }, 'once')).toThrow('Execution Already Exists');
    release?.();
    expect((await workflow.finished(arn)).status).toBe('SUCCEEDED');
    expect(() => workflow.start(MACHINE, { a: 1 }, 'once')).toThrow('Execution Already Exists');
    expect(workflow.list(MACHINE)).toHaveLength(1);
  });

  it('list the latest first, by status', async () => {
    const workflow = workflowOf(only(task()), (event) => (event ? 1 : failWith('Zero')()));
    for (const input of [0, 1, 2]) await workflow.finished(workflow.start(MACHINE, input, `run-${input}`));
    expect(workflow.list(MACHINE).map(({ name }) => name)).toEqual(['run-2', 'run-1', 'run-0']);
    expect(workflow.list(MACHINE, 'FAILED').map(({ name }) => name)).toEqual(['run-0']);
  });

  it('tell their states as they come, and keep them as a history', async () => {
    const events: StateEvent[] = [];
    const definition = {
      StartAt: 'A',
      States: { A: { ...task(), End: undefined, Next: 'B' }, B: { Type: 'Pass', End: true } },
    };
    const workflow = workflowOf(JSON.parse(JSON.stringify(definition)), () => ({ b: 2 }), {
      onState: (event) => events.push(event),
    });
    const arn = workflow.start(MACHINE, { a: 1 }, 'told');
    await workflow.finished(arn);
    expect(events.map(({ state, kind, input, output }) => ({ state, kind, input, output }))).toEqual([
      { state: 'A', kind: 'entered', input: { a: 1 } },
      { state: 'A', kind: 'exited', output: { b: 2 } },
      { state: 'B', kind: 'entered', input: { b: 2 } },
      { state: 'B', kind: 'exited', output: { b: 2 } },
    ]);
    expect(events.every(({ executionArn, name }) => executionArn === arn && name === 'told')).toBe(true);
    expect(workflow.history(arn).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskStateExited',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('end as ABORTED when stopped, and start nothing more', async () => {
    let calls = 0;
    const Retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 0.01, BackoffRate: 1, MaxAttempts: 50 }];
    const worker = async () => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return failWith('Boom')();
    };
    const workflow = workflowOf(only(task({ Retry })), worker);
    const arn = workflow.start(MACHINE, {});
    await eventually(() => calls > 0);
    expect(await workflow.stop(arn, 'Enough', 'asked to')).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'asked to',
    });
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(calls).toBe(before);
  });

  it('end as TIMED_OUT when the machine takes longer than it may', async () => {
    const definition = { ...only({ Type: 'Wait', Seconds: 5 }), TimeoutSeconds: 1 };
    expect(await execute(definition, {})).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
  });

  it('are all ended by close', async () => {
    const workflow = workflowOf(only({ Type: 'Wait', Seconds: 60 }));
    const arn = workflow.start(MACHINE, {});
    await workflow.close();
    expect(workflow.describe(arn).status).toBe('ABORTED');
  });

  it('fails for machines, executions and names that cannot be', () => {
    const workflow = workflowOf(only(task()));
    expect(() => workflow.start(`${MACHINE}x`, {})).toThrow('State Machine Does Not Exist');
    expect(() => workflow.describe('arn:nobody')).toThrow('Execution Does Not Exist');
    expect(() => workflow.start(MACHINE, {}, 'a b')).toThrow('Invalid Name');
    expect(() => workflow.start(MACHINE, 'x'.repeat(262_144))).toThrow(
      'exceeding the maximum number of bytes',
    );
  });
});

describe('a definition that is not run locally', () => {
  const cases: readonly (readonly [string, object, string])[] = [
    ['JSONata', only({ Type: 'Pass', QueryLanguage: 'JSONata' }), 'machine, state Only: JSONata'],
    ['JSONata machines', { QueryLanguage: 'JSONata', ...only({ Type: 'Pass' }) }, 'machine: JSONata'],
    ['variables', only({ Type: 'Pass', Assign: { v: 1 } }), 'state Only: Assign'],
    ['uses of variables', only({ Type: 'Pass', Parameters: { 'v.$': '$v' } }), 'state Only: the variable $v'],
    [
      'the state in the context',
      only({ Type: 'Pass', Parameters: { 'n.$': '$$.State.Name' } }),
      'state Only: $$.State',
    ],
    ['heartbeats', only(task({ HeartbeatSeconds: 1 })), 'state Only: HeartbeatSeconds'],
    ['other roles', only(task({ Credentials: { RoleArn: 'r' } })), 'state Only: Credentials'],
    [
      'task tokens',
      only(task({ Resource: `${INVOKE}.waitForTaskToken`, Parameters: { 't.$': '$$.Task.Token' } })),
      'state Only: the integration arn:aws:states:::lambda:invoke.waitForTaskToken',
    ],
    [
      'other integrations',
      only(task({ Resource: 'arn:aws:states:::sqs:sendMessage' })),
      'state Only: the integration arn:aws:states:::sqs:sendMessage',
    ],
    [
      'the item of a map outside the selector',
      only({
        Type: 'Map',
        ItemProcessor: only({ Type: 'Pass', Parameters: { 'v.$': '$$.Map.Item.Value' } }),
      }),
      '$$.Map outside ItemSelector',
    ],
    [
      'CSV items',
      only({
        Type: 'Map',
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'CSV' },
          Parameters: {},
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED' },
          StartAt: 'In',
          States: { In: { Type: 'Succeed' } },
        },
      }),
      'state Only: ItemReader of CSV',
    ],
    [
      'a distributed map inside another',
      only({
        Type: 'Map',
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED' },
          StartAt: 'Inner',
          States: {
            Inner: {
              Type: 'Map',
              ItemProcessor: {
                ProcessorConfig: { Mode: 'DISTRIBUTED' },
                StartAt: 'Leaf',
                States: { Leaf: { Type: 'Succeed' } },
              },
              End: true,
            },
          },
        },
      }),
      'in Only, state Inner: a distributed map inside another',
    ],
    [
      'two states of one name',
      only({ Type: 'Parallel', Branches: [only({ Type: 'Pass' })] }),
      'in Only, state Only: a second state of this name',
    ],
  ];
  it.each(cases)('fails at boot for %s', (_what, definition, message) => {
    expect(() => workflowOf(definition)).toThrow(message);
  });

  it('fails at boot for a transition to nowhere', () => {
    const definition = { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'Nowhere' } } };
    expect(() => workflowOf(definition)).toThrow('Nowhere');
  });
});
