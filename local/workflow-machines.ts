import type { Assembly } from './template.ts';
import type { StateMachineDefinition } from './workflow.ts';
import type { Definition } from './workflow-engine.ts';

/** The state machines of an assembly, their definitions resolved. */
export const machinesOf = (assembly: Assembly): StateMachineDefinition[] =>
  assembly.resources('AWS::StepFunctions::StateMachine').map(({ name, arn, properties }) => ({
    name,
    arn,
    roleArn: String(properties.RoleArn),
    definition: JSON.parse(String(properties.DefinitionString)) as Definition,
  }));
