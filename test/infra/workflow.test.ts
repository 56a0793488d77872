import aslValidator from 'asl-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAPS, STEPS, TRANSIENT_ERRORS } from '../../functions/contracts/workflow.ts';
import { config } from '../../infra/config.ts';
import { type Definition, definitionOf, machineOf, type State, statesOf } from './definition.ts';
import { synthesize } from './synthesize.ts';

/** Fields and paths that the engine for one machine mishandles without saying so. */
function forbidden(state: State, insideMap: boolean): string[] {
  const text = JSON.stringify({ ...state, ItemProcessor: undefined });
  const withoutSelector = JSON.stringify({ ...state, ItemProcessor: undefined, ItemSelector: undefined });
  return [
    state.QueryLanguage === undefined || state.QueryLanguage === 'JSONPath' ? '' : 'a query language',
    'Assign' in state ? 'Assign' : '',
    /Heartbeat/.test(text) ? 'a heartbeat' : '',
    /waitForTaskToken|\$\$\.Task/.test(text) ? 'a task token' : '',
    /\$\$\.State/.test(text) ? '$$.State' : '',
    /"\$\.\$|\{%/.test(text) ? 'JSONata or a variable' : '',
    /\$\$\.Map/.test(withoutSelector) ? '$$.Map outside an ItemSelector' : '',
    insideMap && /\$\$\.Execution/.test(text) ? '$$.Execution inside a map' : '',
  ].filter(Boolean);
}

describe('the workflow', () => {
  let definition: Definition;
  let properties: Record<string, unknown>;
  beforeAll(() => {
    const { service } = synthesize();
    definition = definitionOf(service);
    properties = machineOf(service);
  });
  const states = () => statesOf(definition);
  const state = (name: string) => {
    const found = states().find((one) => one.name === name)?.state;
    if (!found) throw new Error(`no state ${name}`);
    return found;
  };

  it('is valid Amazon States Language', () => {
    const { isValid, errorsText } = aslValidator(structuredClone(definition));
    expect(isValid, errorsText()).toBe(true);
  });

  it('fails the check of the language when a transition leads nowhere', () => {
    const broken = structuredClone(definition);
    Object.assign(broken.States.PrepareFit ?? {}, { Next: 'Nowhere' });
    expect(aslValidator(broken).errorsText()).toMatch(/MISSING_TRANSITION_TARGET/);
  });

  it('is a STANDARD state machine, traced and logged without its data', () => {
    expect(properties).toMatchObject({
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
    expect(definition.TimeoutSeconds).toBe(config.runTimeoutHours * 3600);
  });

  it('runs the steps in the order of the contract', () => {
    const order: string[] = [];
    for (let next: string | undefined = definition.StartAt; next; ) {
      const current: State = state(next);
      order.push(current.ItemProcessor?.StartAt ?? next);
      next = current.Choices?.[0]?.Next ?? current.Next;
    }
    expect(order).toEqual([
      'ReceiveTrigger',
      'PlanRun',
      'IsPlanned',
      ...STEPS.filter((step) => step !== 'PlanRun'),
      'ExpireRuns',
      'Published',
    ]);
  });

  it('ends as succeeded, without a further step, unless the outcome is planned', () => {
    expect(state('IsPlanned')).toMatchObject({
      Choices: [{ Variable: '$.plan.outcome', StringEquals: 'planned', Next: 'EachRowShard' }],
      Default: 'NothingToRun',
    });
    expect(state('NothingToRun').Type).toBe('Succeed');
  });

  it('keeps the trigger and the execution’s id beside the plan, and hands both to PlanRun', () => {
    expect(state('ReceiveTrigger').Parameters).toEqual({
      'trigger.$': '$',
      'executionId.$': '$$.Execution.Id',
    });
    expect(state('PlanRun')).toMatchObject({
      Parameters: { 'trigger.$': '$.trigger', 'executionId.$': '$.executionId' },
      ResultPath: '$.plan',
    });
  });

  it('invokes each step’s own function and no other resource', () => {
    for (const { name, state: one } of states().filter(({ state: { Type } }) => Type === 'Task')) {
      expect(one.Resource, name).toMatch(new RegExp(`:function:Steps${name}Function[0-9A-F]{8}$`));
    }
  });

  it.each(Object.entries(MAPS))(
    '%s is distributed, reads its items from S3 and tolerates no failure',
    (name, map) => {
      const holder = map.items === 'candidatesKey' ? '$.fit' : '$.plan';
      const one = state(name);
      expect(one).toMatchObject({
        ItemReader: {
          Resource: 'arn:aws:states:::s3:getObject',
          ReaderConfig: { InputType: 'JSON' },
          Parameters: { 'Key.$': `${holder}.${map.items}` },
        },
        ItemSelector: {
          'run.$': '$.plan.run',
          'executionId.$': '$.executionId',
          'item.$': '$$.Map.Item.Value.item',
        },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: map.step,
        },
        ResultWriter: {
          Resource: 'arn:aws:states:::s3:putObject',
          Parameters: {
            'Prefix.$':
              "States.Format('runs/{}/{}/{}/map-results', $.plan.run.tenant, $.plan.run.dataset, $.plan.run.runId)",
          },
        },
        ResultPath: null,
      });
      expect(Object.keys(one).filter((field) => field.startsWith('Tolerated'))).toEqual([]);
      expect(one.MaxConcurrency).toBe(
        name === 'EachCandidate' ? config.mapConcurrency.candidates : config.mapConcurrency.shards,
      );
    },
  );

  it('retries transient errors alone, with backoff, full jitter and an end', () => {
    for (const { name, state: one } of states()) {
      if (one.Type === 'Task') expect(one.Retry, name).toHaveLength(1);
      for (const retry of one.Retry ?? []) {
        expect(retry, name).toMatchObject({
          ErrorEquals: TRANSIENT_ERRORS,
          JitterStrategy: 'FULL',
          BackoffRate: 2,
          MaxAttempts: config.retry.maxAttempts,
        });
      }
    }
  });

  it('bounds each task a little beyond its function’s own timeout, so that Lambda’s error comes first', () => {
    for (const { name, state: one } of states().filter(({ state: { Type } }) => Type === 'Task')) {
      const size = Object.entries(config.workflow).find(([step]) => step === name)?.[1];
      expect(one.TimeoutSeconds, name).toBe((size?.timeoutSeconds ?? Number.NaN) + 30);
    }
  });

  it('sends every failure at the top to MarkFailed with the error kept beside the trigger', () => {
    const able = states().filter(({ state: { Type }, map }) => /Task|Map/.test(Type) && map === undefined);
    expect(able.length).toBe(13);
    const ownWays = ['ExpireRuns', 'MarkFailed'];
    for (const { name, state: one } of able.filter(({ name }) => !ownWays.includes(name))) {
      expect(one.Catch, name).toEqual([
        { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'MarkFailed' },
      ]);
    }
    expect(state('MarkFailed').Parameters).toEqual({
      'trigger.$': '$.trigger',
      'executionId.$': '$.executionId',
      'error.$': '$.error',
    });
  });

  it('ends as published whatever becomes of the runs that are to expire', () => {
    expect(state('ExpireRuns')).toMatchObject({
      Parameters: { 'run.$': '$.plan.run', 'executionId.$': '$.executionId' },
      ResultPath: null,
      Next: 'Published',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Published' }],
    });
  });

  it('fails with the run’s own error, also when MarkFailed fails itself', () => {
    expect(state('MarkFailed')).toMatchObject({
      Next: 'RunFailed',
      ResultPath: null,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.markFailedError', Next: 'RunFailed' }],
    });
    expect(state('RunFailed')).toMatchObject({
      Type: 'Fail',
      ErrorPath: '$.error.Error',
      CausePath: '$.error.Cause',
    });
  });

  it('has no two states of one name, in whatever map', () => {
    const names = states().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('uses nothing that the engine for one machine mishandles', () => {
    for (const { name, state: one, map } of states())
      expect(forbidden(one, map !== undefined), name).toEqual([]);
  });

  it.each([
    ['a heartbeat', { HeartbeatSeconds: 5 }, false],
    ['Assign', { Assign: { a: 1 } }, false],
    ['a query language', { QueryLanguage: 'JSONata' }, false],
    ['$$.State', { Parameters: { 'name.$': '$$.State.Name' } }, false],
    ['$$.Map outside an ItemSelector', { Parameters: { 'item.$': '$$.Map.Item.Value' } }, true],
    ['$$.Execution inside a map', { Parameters: { 'input.$': '$$.Execution.Input' } }, true],
    ['a task token', { Parameters: { 'token.$': '$$.Task.Token' } }, false],
  ])('fails the lint for %s', (reason, fields, insideMap) => {
    expect(forbidden({ ...state('PlanRun'), ...fields }, insideMap)).toEqual([reason]);
  });
});
