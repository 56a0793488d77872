import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { EventBus } from './events.ts';
import { type RequestHandler, readBody } from './http-listener.ts';
import type { Iam } from './iam.ts';
import { verifySignature } from './sigv4.ts';
import { ACCOUNT, REGION } from './template-names.ts';

/** The default bus, the only one there is. */
const BUS_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`;
/** Most that EventBridge takes in one request. */
const BODY_LIMIT = 256 * 1024;
const MOST_ENTRIES = 10;

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Resources?: readonly string[];
  readonly Time?: number;
}

/** A request that is refused; `name` is what SDK clients see. */
class EventsError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * The door of EventBridge for SDK clients: `PutEvents` on the default bus, in AWS JSON 1.1. Signatures are verified and the
 * caller's policies are checked; an entry is answered when it is on the bus, before it is delivered.
 */
export function createEventsApi(events: EventBus, iam: Iam, now: () => number = Date.now): RequestHandler {
  const put = ({ Source, DetailType, Detail = '', Resources = [], Time }: Entry) => {
    let detail: unknown;
    try {
      detail = JSON.parse(Detail);
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    if (!Source || !DetailType || detail === null || typeof detail !== 'object' || Array.isArray(detail))
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'An event has a Source, a DetailType and an object as Detail.',
      };
    const id = randomUUID();
    void events.put({
      version: '0',
      id,
      'detail-type': DetailType,
      source: Source,
      account: ACCOUNT,
      time: new Date(Time === undefined ? now() : Time * 1000).toISOString(),
      region: REGION,
      resources: Resources,
      detail: detail as Record<string, unknown>,
    });
    return { EventId: id };
  };

  const call = async (request: IncomingMessage): Promise<unknown> => {
    const body = await readBody(request, BODY_LIMIT);
    if (!body) throw new EventsError('ValidationException', 'A request takes up to 256 KiB.');
    const { method = 'POST', url = '/', headers } = request;
    const payloadHash = createHash('sha256').update(body).digest('hex');
    const { arn } = verifySignature({ method, url, headers, payloadHash }, iam, now());
    const operation = String(headers['x-amz-target'] ?? '').split('.')[1] ?? '';
    if (operation !== 'PutEvents')
      throw new EventsError(
        'UnknownOperationException',
        `${operation || 'This request'} is not served locally.`,
      );
    const { Entries = [] } = JSON.parse(body.toString()) as { Entries?: readonly Entry[] };
    if (Entries.length === 0 || Entries.length > MOST_ENTRIES)
      throw new EventsError('ValidationException', 'A request has 1 to 10 entries.');
    const { allowed, reason } = iam.authorize(arn, 'events:PutEvents', BUS_ARN);
    if (!allowed) throw new EventsError('AccessDeniedException', reason);
    const foreign = Entries.find(
      ({ EventBusName = 'default' }) => !['default', BUS_ARN].includes(EventBusName),
    );
    if (foreign)
      throw new EventsError('ResourceNotFoundException', `Event bus ${foreign.EventBusName} does not exist.`);
    const results = Entries.map(put);
    return { Entries: results, FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length };
  };

  return async (request, response) => {
    const [status, answer] = await call(request).then(
      (value) => [200, value] as const,
      (error: Error) => [400, { __type: error.name, message: error.message }] as const,
    );
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  };
}
