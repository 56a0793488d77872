import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { WorkflowStarter } from '../ports.ts';
import { executionExists } from './store-errors.ts';
import { isNamed, storeFault } from './store-faults.ts';

/** What Step Functions answers for an execution that it has forgotten, or that was never one. */
const UNKNOWN = ['ExecutionDoesNotExist', 'InvalidArn'];

/**
 * Executions of one state machine.
 * @param machine gives its ARN, which only starting needs
 */
export function stepfunctionsWorkflow<Input>(
  client: SFNClient,
  machine: () => string,
): WorkflowStarter<Input> {
  return {
    async start(name, input) {
      const stateMachineArn = machine();
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
    async isRunning(executionArn) {
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
        return status === 'RUNNING';
      } catch (error) {
        if (UNKNOWN.some((name) => isNamed(error, name))) return false;
        throw storeFault(error, 'look up an execution');
      }
    },
  };
}

/** ARN of the execution of this name: Step Functions derives it from that of the state machine. */
function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}
