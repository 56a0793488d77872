import { Match, Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { STEPS } from '../../functions/contracts/workflow.ts';
import { API_SERVICES, config, handlerName } from '../../infra/config.ts';
import { resourcesOf, type StackTemplate, synthesize } from './synthesize.ts';

describe('the functions', () => {
  let service: StackTemplate;
  let template: Template;
  beforeAll(() => {
    service = synthesize().service;
    template = Template.fromJSON(service);
  });

  it('run on Node.js 24 on ARM, traced, with a log group that forgets', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogGroup: Match.anyValue() },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  it('exist once per step, with the size that the configuration gives', () => {
    for (const name of STEPS) {
      const made = resourcesOf(service, 'AWS::Lambda::Function').filter(([id]) =>
        id.startsWith(`Steps${name}Function`),
      );
      const { memoryMb, timeoutSeconds } = config.workflow[name];
      expect(made.map(([, { MemorySize, Timeout }]) => [MemorySize, Timeout])).toEqual([
        [memoryMb, timeoutSeconds],
      ]);
    }
  });

  it('stay within the limits of Lambda, and the API within the 30 seconds of API Gateway', () => {
    const sizes = [...Object.values(config.workflow), ...Object.values(config.drilldownWorkflow)];
    for (const { memoryMb, timeoutSeconds } of sizes) {
      expect(memoryMb).toBeGreaterThanOrEqual(128);
      expect(memoryMb).toBeLessThanOrEqual(10_240);
      expect(timeoutSeconds).toBeLessThanOrEqual(900);
    }
    for (const service of API_SERVICES) {
      const { timeoutSeconds } = config[service];
      expect(timeoutSeconds + config.authorizer.timeoutSeconds).toBeLessThan(30);
    }
  });

  it('give a fit at least one whole processor', () => {
    expect(config.workflow.FitCandidate.memoryMb).toBeGreaterThanOrEqual(1769);
  });

  it('are bundled from the file named after the step', () => {
    expect(STEPS.map(handlerName)).toEqual([
      'plan-run',
      'build-features',
      'merge-entities',
      'prepare-fit',
      'write-features',
      'fit-candidate',
      'select-model',
      'assign-segments',
      'match-segments',
      'write-labels',
      'publish-run',
    ]);
  });
});
