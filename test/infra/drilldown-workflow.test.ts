import aslValidator from 'asl-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { TRANSIENT_ERRORS } from '../../functions/contracts/workflow.ts';
import { config } from '../../infra/config.ts';
import { type Definition, definitionOf, machineOf, statesOf } from './definition.ts';
import { synthesize } from './synthesize.ts';

describe('the drill-down workflow', () => {
  let definition: Definition;
  let properties: Record<string, unknown>;
  beforeAll(() => {
    const { service } = synthesize();
    definition = definitionOf(service, 'Drilldowns');
    properties = machineOf(service, 'Drilldowns');
  });

  it('is valid Amazon States Language, STANDARD, traced and logged without its data', () => {
    const { isValid, errorsText } = aslValidator(structuredClone(definition));
    expect(isValid, errorsText()).toBe(true);
    expect(properties).toMatchObject({
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });

  it('plans, explores each parent by keys alone, and publishes', () => {
    const order: string[] = [];
    for (let next: string | undefined = definition.StartAt; next; next = definition.States[next]?.Next) {
      order.push(next);
    }
    expect(order).toEqual([
      'ReceiveDrilldown',
      'PlanDrilldown',
      'EachParent',
      'PublishDrilldown',
      'DrilldownPublished',
    ]);
    expect(definition.States.ReceiveDrilldown).toMatchObject({
      Parameters: { 'run.$': '$', 'executionId.$': '$$.Execution.Id' },
    });
    expect(definition.States.EachParent).toMatchObject({
      ItemReader: { Parameters: { 'Key.$': '$.plan.itemsKey' } },
      ItemSelector: {
        'run.$': '$.run',
        'executionId.$': '$.executionId',
        'item.$': '$$.Map.Item.Value.item',
      },
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'ExploreParent' },
      ResultPath: null,
      MaxConcurrency: config.mapConcurrency.shards,
    });
  });

  it('retries transient errors alone, and sends every other failure to MarkDrilldownFailed', () => {
    for (const { name, state, map } of statesOf(definition)) {
      if (state.Type === 'Task') expect(state.Retry?.[0]?.ErrorEquals, name).toEqual(TRANSIENT_ERRORS);
      if (!/Task|Map/.test(state.Type) || map !== undefined || name === 'MarkDrilldownFailed') continue;
      expect(state.Catch, name).toEqual([
        { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'MarkDrilldownFailed' },
      ]);
    }
    expect(definition.States.DrilldownFailed).toMatchObject({
      Type: 'Fail',
      ErrorPath: '$.error.Error',
      CausePath: '$.error.Cause',
    });
  });
});
