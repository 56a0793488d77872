import { randomUUID } from 'node:crypto';
import { startedRunSchema, startRunBodySchema } from '../contracts/api-runs.ts';
import { PREFIX } from '../contracts/env.ts';
import type { Trigger } from '../contracts/workflow.ts';
import { ForbiddenError, InvalidRequestError, PayloadTooLargeError } from '../errors.ts';
import { identifyRun } from '../run-identity.ts';
import { defineRoute } from './route.ts';

/** Most bytes that Step Functions takes as input of an execution. */
const EXECUTION_INPUT_BYTES = 256 * 1024;

/** Starts a run on files that lie in the bucket. */
export const startRun = defineRoute({
  method: 'POST',
  path: '/v1/runs',
  scope: 'runs:write',
  summary: 'Start a run',
  description:
    'The run goes on by itself: follow `Location`, which answers 404 until the files are planned. The same files and request are the same run, made once; `rerun` makes another.',
  body: startRunBodySchema,
  status: 202,
  answer: startedRunSchema,
  problems: {
    403: 'The key lacks the scope, or a file belongs to another tenant.',
    400: '`Invalid input`, or a file that is not in the bucket.',
    413: 'The request is too long: name folders instead of files.',
  },
  async handle({ tenant, body: { dataset, ...request } }, ports) {
    for (const [index, key] of request.files.entries()) checkOwner(tenant, key, index);
    const trigger: Trigger = { trigger: 'api', tenant, dataset, request };
    const bytes = Buffer.byteLength(JSON.stringify(trigger));
    if (bytes > EXECUTION_INPUT_BYTES) {
      throw new PayloadTooLargeError(
        `The request is ${bytes} bytes long, at most ${EXECUTION_INPUT_BYTES} fit. Name a folder (a key ending in "/") instead of its files.`,
        { reason: 'request_too_long' },
      );
    }
    const identity = await identifyRun(trigger, ports);
    if (!identity) {
      throw new InvalidRequestError('Invalid input: the request names no data to run on.', {
        reason: 'no_files',
      });
    }
    const { runId } = identity.run;
    const executionId = await ports.workflow.start(`api-${randomUUID()}`, trigger);
    return {
      body: { runId, dataset, executionId },
      headers: { location: `/v1/runs/${encodeURIComponent(runId)}`, 'retry-after': '1' },
    };
  },
});

/** Files must lie below the tenant's own prefixes, in keys that mean the same to every store. */
export function checkOwner(tenant: string, key: string, index: number): void {
  const [root, owner, ...rest] = key.split('/');
  const at = { reason: 'file_key', errors: [{ in: 'body', pointer: `/files/${index}`, detail: key }] };
  const isInput = `${root}/` === PREFIX.drop || `${root}/` === PREFIX.files;
  if (!isInput || rest.length === 0 || rest.some((part) => part === '.' || part === '..')) {
    throw new InvalidRequestError(
      `Invalid input: files[${index}] is ${JSON.stringify(key)}. Name an object or folder below ${PREFIX.files}${tenant}/ or ${PREFIX.drop}${tenant}/.`,
      at,
    );
  }
  if (owner !== tenant) {
    throw new ForbiddenError(
      `files[${index}] is ${JSON.stringify(key)}, which is not below ${PREFIX.files}${tenant}/ or ${PREFIX.drop}${tenant}/. Name your own files.`,
      at,
    );
  }
}
