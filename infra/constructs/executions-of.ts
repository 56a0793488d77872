import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { IConstruct } from 'constructs';

/**
 * ARN pattern of a state machine's executions (`:*`), or of the children of its maps (`/*`), with the reason for the
 * wildcard stated on the role or policy that uses it.
 */
export function executionsOf(stateMachine: StateMachine, children: ':*' | '/*', holder: IConstruct): string {
  const stack = Stack.of(stateMachine);
  const { logicalId } = stateMachine.node.defaultChild as CfnStateMachine;
  const name = `<${stack.resolve(logicalId)}.Name>`;
  Validations.of(holder).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${name}${children}]`,
    reason: 'Executions are named at run time; the rights end at this state machine.',
  });
  const arn = stack.formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: stateMachine.stateMachineName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return `${arn}${children}`;
}
