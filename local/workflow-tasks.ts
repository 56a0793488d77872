import { FunctionError, LambdaServiceError } from './lambda-error.ts';
import type { Json } from './workflow-engine.ts';
import { StatesError, withinStateLimit } from './workflow-error.ts';
import { LAMBDA_INVOKE } from './workflow-support.ts';

/** What tasks need of the other services. */
export interface TaskServices {
  /** Runs a function; event and result are JSON text. */
  readonly invoke: (functionArn: string, event: string) => Promise<string>;
  /** The ARN of a function given by name or ARN. */
  readonly functionArn: (nameOrArn: string) => string;
  readonly isAllowed: (roleArn: string, action: string, resourceArn: string) => boolean;
}

interface InvokeParameters {
  readonly FunctionName: string;
  readonly Payload?: Json;
  readonly InvocationType?: 'RequestResponse' | 'Event' | 'DryRun';
}

function statesError(error: unknown): unknown {
  if (error instanceof FunctionError) return new StatesError(error.name, JSON.stringify(error.payload));
  if (error instanceof LambdaServiceError) return new StatesError(`Lambda.${error.name}`, error.message);
  return error;
}

/**
 * Runs one task state on its processed input: a function by its ARN, or the `lambda:invoke` integration.
 * @throws StatesError named after what the function threw, with the error payload as cause; `Lambda.…` when the call
 * was refused, also because the role may not invoke the function
 */
export async function runTask(
  state: string,
  resource: string,
  input: Json,
  roleArn: string,
  services: TaskServices,
): Promise<Json> {
  withinStateLimit(input, state);
  const isIntegration = resource === LAMBDA_INVOKE;
  const parameters = isIntegration ? (input as unknown as InvokeParameters) : undefined;
  const event = JSON.stringify(parameters ? (parameters.Payload ?? {}) : input);
  try {
    const arn = services.functionArn(parameters?.FunctionName ?? resource);
    if (!services.isAllowed(roleArn, 'lambda:InvokeFunction', arn)) {
      const message = `${roleArn} is not authorized to perform: lambda:InvokeFunction on resource: ${arn}; allow it in the role of the state machine.`;
      throw new LambdaServiceError('AWSLambdaException', 403, message);
    }
    if (parameters?.InvocationType === 'DryRun') return { StatusCode: 204 };
    const result = services.invoke(arn, event);
    if (parameters?.InvocationType === 'Event') {
      result.catch(() => {}); // As on AWS, nobody hears of the outcome of an asynchronous invocation; the log has it.
      return { StatusCode: 202 };
    }
    const payload = JSON.parse(await result) as Json;
    const output = isIntegration
      ? { ExecutedVersion: '$LATEST', Payload: payload, StatusCode: 200 }
      : payload;
    return withinStateLimit(output, state);
  } catch (error) {
    throw statesError(error);
  }
}
