import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type RequestHandler, readBody } from './http-listener.ts';
import type { Iam } from './iam.ts';
import { SignatureError, verifySignature } from './sigv4.ts';
import type { ExecutionDescription, Workflow } from './workflow.ts';
import type { Json } from './workflow-engine.ts';
import { StatesError, WorkflowServiceError } from './workflow-error.ts';

interface ApiRequest {
  readonly stateMachineArn?: string;
  readonly executionArn?: string;
  readonly name?: string;
  readonly input?: string;
  readonly statusFilter?: string;
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly reverseOrder?: boolean;
  readonly includeExecutionData?: boolean;
  readonly error?: string;
  readonly cause?: string;
}

const BODY_LIMIT = 1_048_576;
const PAGE_LIMIT = 1000;

const seconds = (date: Date | undefined) => date && date.getTime() / 1000;

const describe = ({ startDate, stopDate, ...rest }: ExecutionDescription) => ({
  ...rest,
  startDate: seconds(startDate),
  ...(stopDate && { stopDate: seconds(stopDate) }),
});

function parseInput(input: string): Json {
  try {
    return JSON.parse(input) as Json;
  } catch (error) {
    throw new WorkflowServiceError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${(error as Error).message}'`,
    );
  }
}

/** One page of a list; the token is the index of the next one. */
function pageOf<T>(
  all: readonly T[],
  { maxResults, nextToken }: ApiRequest,
): { page: readonly T[]; nextToken?: string } {
  const start = Number(nextToken ?? 0);
  if (!Number.isInteger(start) || start < 0) throw new WorkflowServiceError('InvalidToken', 'Invalid Token');
  const end = start + (maxResults || 100);
  return {
    page: all.slice(start, Math.min(end, start + PAGE_LIMIT)),
    ...(end < all.length && { nextToken: String(end) }),
  };
}

/** Operations: which ARN is acted on, and the answer. */
const OPERATIONS: Readonly<
  Record<
    string,
    {
      target: 'stateMachineArn' | 'executionArn';
      run(workflow: Workflow, request: ApiRequest, arn: string): unknown;
    }
  >
> = {
  StartExecution: {
    target: 'stateMachineArn',
    run(workflow, { input = '{}', name }, arn) {
      const executionArn = workflow.start(arn, parseInput(input), name);
      return { executionArn, startDate: seconds(workflow.describe(executionArn).startDate) };
    },
  },
  DescribeExecution: {
    target: 'executionArn',
    run: (workflow, _request, arn) => describe(workflow.describe(arn)),
  },
  StopExecution: {
    target: 'executionArn',
    async run(workflow, { error, cause }, arn) {
      return { stopDate: seconds((await workflow.stop(arn, error, cause)).stopDate) };
    },
  },
  ListExecutions: {
    target: 'stateMachineArn',
    run(workflow, request, arn) {
      const { page, ...rest } = pageOf(workflow.list(arn, request.statusFilter), request);
      return {
        executions: page.map(({ input: _input, output: _output, ...each }) =>
          describe(each as ExecutionDescription),
        ),
        ...rest,
      };
    },
  },
  GetExecutionHistory: {
    target: 'executionArn',
    run(workflow, request, arn) {
      const { reverseOrder = false, includeExecutionData = true } = request;
      const all = workflow.history(arn);
      const { page, ...rest } = pageOf(reverseOrder ? all.toReversed() : all, request);
      const events = page.map(({ id, timestamp, type, details }) => {
        const { input: _input, output: _output, ...bare } = details?.value ?? {};
        const value = includeExecutionData ? details?.value : bare;
        return { id, timestamp: seconds(timestamp), type, ...(details && { [details.field]: value }) };
      });
      return { events, ...rest };
    },
  },
};

/**
 * The door of Step Functions for SDK clients: StartExecution, DescribeExecution, StopExecution, ListExecutions and
 * GetExecutionHistory in AWS JSON 1.0. Signatures are verified and the caller's policies are checked.
 */
export function createWorkflowApi(workflow: Workflow, iam: Iam): RequestHandler {
  const call = async (request: IncomingMessage): Promise<unknown> => {
    const body = await readBody(request, BODY_LIMIT);
    if (!body) throw new WorkflowServiceError('RequestEntityTooLargeException', 'The request is too large.');
    const payloadHash = createHash('sha256').update(body).digest('hex');
    const { method = 'POST', url = '/', headers } = request;
    const { arn: principal } = verifySignature({ method, url, headers, payloadHash }, iam, Date.now());
    const name = String(headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    const operation = OPERATIONS[name];
    if (!operation) {
      throw new WorkflowServiceError(
        'UnknownOperationException',
        `${name || 'This request'} is not served locally.`,
      );
    }
    const input = JSON.parse(body.toString() || '{}') as ApiRequest;
    const arn = input[operation.target] ?? '';
    const { allowed, reason } = iam.authorize(principal, `states:${name}`, arn);
    if (!allowed) throw new WorkflowServiceError('AccessDeniedException', reason);
    return operation.run(workflow, input, arn);
  };

  return async (request, response) => {
    const [status, answer] = await call(request).then(
      (value) => [200, value] as const,
      (error: Error) => [400, apiError(error)] as const,
    );
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
  };
}

function apiError(error: Error): { __type: string; message: string } {
  if (error instanceof SignatureError) return { __type: `${error.problem}Exception`, message: error.message };
  if (error instanceof StatesError) return { __type: 'InvalidExecutionInput', message: error.message };
  const known = error instanceof WorkflowServiceError;
  return { __type: known ? error.name : 'ValidationException', message: error.message };
}
