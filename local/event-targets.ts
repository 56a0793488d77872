import type { Iam } from './iam.ts';
import { TemplateError } from './template-error.ts';

/** Hands an input to the state machine or function of that ARN; a rejection is a failed delivery. */
export type Deliver = (targetArn: string, input: unknown) => Promise<unknown> | unknown;

/** Targets that can be reached on this machine, by service, with the action their role needs. */
const ACTIONS: Readonly<Record<string, string>> = {
  states: 'states:StartExecution',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
};

/**
 * Makes sure that a target can be reached and that its role, where it has one, may do so.
 *
 * @param source the rule or schedule, for messages
 * @throws TemplateError for other services, and for a state machine without a role
 */
export function targetCheck(source: string, arn: string, roleArn: string | undefined, iam: Iam): () => void {
  const service = arn.split(':')[2] ?? '';
  const action = ACTIONS[service];
  if (!action)
    throw new TemplateError(
      `${source}: the target ${arn} cannot be reached; targets are state machines, functions and topics`,
    );
  if (service === 'states' && roleArn === undefined)
    throw new TemplateError(`${source}: the target ${arn} needs a RoleArn that may ${action}`);
  return () => {
    if (roleArn === undefined) return;
    const { allowed, reason } = iam.authorize(roleArn, action, arn);
    if (!allowed) throw new Error(reason);
  };
}
