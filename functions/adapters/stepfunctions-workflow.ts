import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { WorkflowStarter } from '../ports.ts';
import { executionExists } from './store-errors.ts';
import { isNamed, storeFault } from './store-faults.ts';

/** Starts executions of one state machine. */
export function stepfunctionsWorkflow(client: SFNClient, stateMachineArn: string): WorkflowStarter {
  return {
    async start(name, input) {
      const body = JSON.stringify(input);
      try {
        const started = await client.send(new StartExecutionCommand({ stateMachineArn, name, input: body }));
        return started.executionArn ?? executionArn(stateMachineArn, name);
      } catch (error) {
        if (!isNamed(error, 'ExecutionAlreadyExists')) throw storeFault(error, 'start the workflow');
      }
      // While an execution runs, Step Functions answers a repeated start itself; once it has ended, we compare.
      const arn = executionArn(stateMachineArn, name);
      try {
        const earlier = await client.send(new DescribeExecutionCommand({ executionArn: arn }));
        if (earlier.input === body) return arn;
      } catch (error) {
        throw storeFault(error, 'look up the earlier execution');
      }
      throw executionExists(name);
    },
  };
}

/** ARN of the execution of this name: Step Functions derives it from that of the state machine. */
function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}
