import { compileInput, type InputProperties } from './event-input.ts';
import { compilePattern, type EventTest } from './event-pattern.ts';
import { type Deliver, targetCheck } from './event-targets.ts';
import type { Iam } from './iam.ts';
import type { CloudEvent } from './s3-events.ts';
import type { Assembly, Resource } from './template.ts';
import { TemplateError } from './template-error.ts';

/** The default event bus of the assembly. */
export interface EventBus {
  /** Hands the event to the targets of every rule it matches; resolves when all deliveries were tried. */
  put(event: CloudEvent): Promise<void>;
  /** Deliveries under way. */
  readonly pending: number;
}

/** Settings of the bus. */
export interface EventBusOptions {
  readonly assembly: Assembly;
  readonly iam: Iam;
  readonly deliver: Deliver;
  /** Told of each delivery and its failure. */
  readonly log?: (line: string) => void;
}

interface TargetProperties extends InputProperties {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
}

interface Target {
  readonly arn: string;
  readonly check: () => void;
  readonly inputOf: (event: CloudEvent) => unknown;
}

interface Rule {
  readonly logicalId: string;
  readonly matches: EventTest;
  readonly targets: readonly Target[];
}

function ruleOf({ logicalId, name, arn, properties }: Resource, iam: Iam): Rule {
  const { EventPattern, Targets = [] } = properties as {
    EventPattern?: unknown;
    Targets?: readonly TargetProperties[];
  };
  if (EventPattern === undefined) throw new TemplateError(`rule ${logicalId} has no EventPattern`);
  return {
    logicalId,
    matches: compilePattern(EventPattern),
    targets: Targets.map(({ Arn, RoleArn, ...input }) => ({
      arn: Arn,
      check: targetCheck(`rule ${logicalId}`, Arn, RoleArn, iam),
      inputOf: compileInput(input, { name, arn }),
    })),
  };
}

/**
 * Builds the event bus from the enabled rules of the assembly. A delivery is tried once, with the rights of its
 * target's role; what fails is logged.
 *
 * @throws TemplateError for patterns, inputs and targets that are not honoured
 */
export function createEventBus({ assembly, iam, deliver, log = () => {} }: EventBusOptions): EventBus {
  const rules = assembly
    .resources('AWS::Events::Rule')
    .map((resource) => ({ rule: ruleOf(resource, iam), state: resource.properties.State }))
    .filter(({ state }) => state !== 'DISABLED')
    .map(({ rule }) => rule);
  let pending = 0;

  const send = async ({ logicalId }: Rule, { arn, check, inputOf }: Target, event: CloudEvent) => {
    pending++;
    try {
      check();
      log(`rule ${logicalId} delivers to ${arn.split(':').at(-1)}`);
      await deliver(arn, inputOf(event));
    } catch (error) {
      log(`rule ${logicalId} could not deliver event ${event.id} to ${arn}: ${(error as Error).message}`);
    } finally {
      pending--;
    }
  };

  return {
    async put(event) {
      const matching = rules.filter((rule) => rule.matches(event));
      await Promise.all(matching.flatMap((rule) => rule.targets.map((target) => send(rule, target, event))));
    },
    get pending() {
      return pending;
    },
  };
}
