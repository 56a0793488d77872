import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../local/event-pattern.ts';
import { createEventBus } from '../../local/events.ts';
import { createIam } from '../../local/iam.ts';
import { objectEvent } from '../../local/s3-events.ts';
import { assemblyOf, roleResource } from './support/assembly-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:flow';
const FUNCTION = 'arn:aws:lambda:eu-central-1:000000000000:function:fn';

const object = {
  key: 'drop/t/orders <1>.csv',
  size: 12,
  etag: 'abc',
  modifiedAt: 0,
  headers: {},
  metadata: {},
};
const event = objectEvent('PutObject', 'data', object, '0001', Date.UTC(2026, 0, 1));

describe('compilePattern', () => {
  const sample = {
    source: 'aws.s3',
    detail: { name: 'Drop/a.CSV', size: 300, tags: ['x', 'y'], none: null, empty: '', deep: { flag: true } },
  };

  it.each([
    [{ source: ['aws.s3', 'other'] }, true],
    [{ source: ['other'] }, false],
    [{ source: ['aws.s3'], detail: { size: [1] } }, false],
    [{ detail: { name: [{ prefix: 'Drop/' }] } }, true],
    [{ detail: { name: [{ prefix: 'drop/' }] } }, false],
    [{ detail: { name: [{ prefix: { 'equals-ignore-case': 'drop/' } }] } }, true],
    [{ detail: { name: [{ suffix: '.CSV' }] } }, true],
    [{ detail: { name: [{ suffix: { 'equals-ignore-case': '.csv' } }] } }, true],
    [{ detail: { name: [{ 'equals-ignore-case': 'dROP/A.csv' }] } }, true],
    [{ detail: { name: [{ wildcard: 'Drop/*.CSV' }] } }, true],
    [{ detail: { name: [{ wildcard: '*a*' }] } }, true],
    [{ detail: { name: [{ wildcard: 'Drop/?.CSV' }] } }, false],
    [{ detail: { name: [{ wildcard: 'Drop/\\*' }] } }, false],
    [{ detail: { name: [{ prefix: 'no' }, { suffix: '.CSV' }] } }, true],
    [{ detail: { size: [300.0] } }, true],
    [{ detail: { size: [{ numeric: ['>', 0, '<=', 300] }] } }, true],
    [{ detail: { size: [{ numeric: ['<', 300] }] } }, false],
    [{ detail: { name: [{ numeric: ['>', 0] }] } }, false],
    [{ detail: { name: [{ 'anything-but': 'x' }] } }, true],
    [{ detail: { name: [{ 'anything-but': ['x', 'Drop/a.CSV'] }] } }, false],
    [{ detail: { name: [{ 'anything-but': { prefix: 'Drop/' } }] } }, false],
    [{ detail: { name: [{ 'anything-but': { suffix: ['.txt', '.json'] } }] } }, true],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { missing: [{ exists: false }], size: [{ exists: true }] } }, true],
    [{ detail: { size: [{ exists: false }] } }, false],
    [{ detail: { tags: ['y'] } }, true],
    [{ detail: { tags: ['z'] } }, false],
    [{ detail: { none: [null], empty: [''] } }, true],
    [{ detail: { empty: [null] } }, false],
    [{ detail: { deep: { flag: [true] } } }, true],
    [{ detail: { deeper: { flag: [true] } } }, false],
    [{ $or: [{ source: ['no'] }, { detail: { size: [300] } }] }, true],
    [{ source: ['aws.s3'], $or: [{ source: ['no'] }, { detail: { size: [1] } }] }, false],
  ])('matches %j: %s', (pattern, expected) => {
    expect(compilePattern(pattern)(sample)).toBe(expected);
  });

  it.each([
    [{ a: [{ cidr: '10.0.0.0/24' }] }, /operator cidr/],
    [{ a: [{ prefix: 'x', suffix: 'y' }] }, /several operators/],
    [{ a: [{ numeric: ['~', 1] }] }, /comparison ~/],
    [{ a: 'text' }, /"text"/],
  ])('fails for %j', (pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});

function busOf(
  rules: Record<string, object>,
  statements: object[] = [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: MACHINE }],
) {
  const resources = Object.entries(rules).map(([id, Properties]) => [
    id,
    { Type: 'AWS::Events::Rule', Properties },
  ]);
  const assembly = assemblyOf(temporaryFolder(), {
    Role: roleResource(...statements),
    ...Object.fromEntries(resources),
  });
  const delivered: [string, unknown][] = [];
  const log: string[] = [];
  const bus = createEventBus({
    assembly,
    iam: createIam(assembly),
    deliver: (arn, input) => void delivered.push([arn, input]),
    log: (line) => log.push(line),
  });
  return { bus, delivered, log };
}

const toMachine = (more: object = {}) => ({
  Id: 'T',
  Arn: MACHINE,
  RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
  ...more,
});
const onDrop = { source: ['aws.s3'], detail: { object: { key: [{ wildcard: 'drop/*' }] } } };

/** What one target is given for the sample event. */
async function inputFor(target: object): Promise<unknown> {
  const { bus, delivered } = busOf({ R: { EventPattern: onDrop, Targets: [toMachine(target)] } });
  await bus.put(event);
  return delivered[0]?.[1];
}

describe('the event bus', () => {
  it('delivers to the targets of matching, enabled rules', async () => {
    const { bus, delivered } = busOf({
      Drop: { EventPattern: onDrop, State: 'ENABLED', Targets: [toMachine(), { Id: 'F', Arn: FUNCTION }] },
      Off: { EventPattern: onDrop, State: 'DISABLED', Targets: [toMachine()] },
      Other: { EventPattern: { source: ['x'] }, Targets: [toMachine()] },
    });
    await bus.put(event);
    expect(delivered).toEqual([
      [MACHINE, event],
      [FUNCTION, event],
    ]);
  });

  it.each<[object, unknown]>([
    [{ Input: '{"a":1}' }, { a: 1 }],
    [{ InputPath: '$.detail.bucket' }, { name: 'data' }],
    [{ InputPath: '$.resources[0]' }, 'arn:aws:s3:::data'],
    [
      {
        InputTransformer: {
          InputPathsMap: { 'detail-object-key': '$.detail.object.key' },
          InputTemplate: '{"trigger":"drop","key":<detail-object-key>}',
        },
      },
      { trigger: 'drop', key: 'drop/t/orders <1>.csv' },
    ],
    [
      {
        InputTransformer: {
          InputPathsMap: {
            key: '$.detail.object.key',
            size: '$.detail.object.size',
            bucket: '$.detail.bucket',
          },
          InputTemplate:
            '{"text":"<key> has \\"<size>\\"","size":<size>,"bucket":<bucket>,"rule":<aws.events.rule-name>}',
        },
      },
      { text: 'drop/t/orders <1>.csv has "12"', size: 12, bucket: { name: 'data' }, rule: 'app-R' },
    ],
    [{ InputTransformer: { InputTemplate: '{"whole":<aws.events.event>}' } }, { whole: event }],
    [
      {
        InputTransformer: {
          InputPathsMap: { no: '$.detail.nothing' },
          InputTemplate: '{"a":<no>,"b":"(<no>)"}',
        },
      },
      { a: '', b: '()' },
    ],
  ])('makes the input of %j', async (target, expected) => {
    expect(await inputFor(target)).toEqual(expected);
  });

  it('fails to deliver without the right to, and logs it', async () => {
    const { bus, delivered, log } = busOf({ Drop: { EventPattern: onDrop, Targets: [toMachine()] } }, []);
    await bus.put(event);
    expect(delivered).toEqual([]);
    expect(log).toEqual([
      expect.stringMatching(/Drop could not deliver .*not authorized to perform states:StartExecution/),
    ]);
  });

  it.each([
    [
      { EventPattern: onDrop, Targets: [{ Id: 'T', Arn: 'arn:aws:sqs:eu-central-1:000000000000:q' }] },
      /cannot be reached/,
    ],
    [{ EventPattern: onDrop, Targets: [{ Id: 'T', Arn: MACHINE }] }, /needs a RoleArn/],
    [{ EventPattern: onDrop, Targets: [toMachine({ Input: '{' })] }, /Input is not JSON/],
    [
      { EventPattern: onDrop, Targets: [toMachine({ InputPath: '$..key' })] },
      /path \$\.\.key is not understood/,
    ],
    [
      { EventPattern: onDrop, Targets: [toMachine({ InputTransformer: { InputTemplate: '<x>' } })] },
      /<x>, which no path/,
    ],
    [{ Targets: [] }, /has no EventPattern/],
  ])('fails at the start for the rule %j', (rule, message) => {
    expect(() => busOf({ R: rule })).toThrow(message);
  });
});
