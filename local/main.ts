import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { startDynamoDb } from './dynamodb.ts';
import type { Deliver } from './event-targets.ts';
import { createEventBus, type EventBus } from './events.ts';
import { createEventsApi } from './events-api.ts';
import { createHttpApi } from './http.ts';
import { listen, type RequestHandler } from './http-listener.ts';
import { readHttpApi } from './http-routes.ts';
import { ADMIN_ARN, type Credentials, createIam, type Iam } from './iam.ts';
import { Lambda } from './lambda.ts';
import { type Endpoints, functionsOf, variablesFor } from './lambda-functions.ts';
import { onSignals } from './main-signals.ts';
import { bucketsOf, startS3 } from './s3.ts';
import { type ScheduleClock, type Schedules, startSchedules } from './schedules.ts';
import { type Assembly, loadAssembly } from './template.ts';
import { ACCOUNT, REGION } from './template-names.ts';
import { assertSupported } from './template-support.ts';
import { Workflow } from './workflow.ts';
import { createWorkflowApi } from './workflow-api.ts';
import type { Json } from './workflow-engine.ts';
import type { StateEvent } from './workflow-history.ts';
import { machinesOf } from './workflow-machines.ts';

export interface LocalCloudOptions {
  /** Folder of the synthesized assembly (`cdk.out`). */
  readonly assembly: string;
  /** Objects, tables and logs; created when missing, and found again by the next start. One process at a time. */
  readonly dataFolder: string;
  /** Begin with an empty data folder. What it held is deleted once no other process can be using it. */
  readonly fresh?: boolean;
  /** Port of the HTTP API, default 5001; 0 takes any free one. */
  readonly port?: number;
  /** Children of maps that run at once over all executions, default the number of processors, at least 2. */
  readonly concurrency?: number;
  /** Whether schedules of the template fire; default yes. A clock has them fire by it, in place of this machine's. */
  readonly schedules?: boolean | ScheduleClock;
  /** Told of what functions log, of deliveries and of errors that are ours. */
  readonly log?: (line: string) => void;
  /** Told of every state that an execution enters or leaves, and of the progress of its maps. */
  readonly onState?: (event: StateEvent) => void;
  /** Told of every operation on the database, and of the tables that it touches. */
  readonly onDatabase?: (operation: string, tables: readonly string[]) => void;
}

/** A template that runs on this machine. */
export interface LocalCloud {
  readonly apiUrl: string;
  readonly endpoints: Endpoints;
  /** May do everything. */
  readonly adminCredentials: Credentials;
  readonly region: string;
  /** Physical names by logical id. */
  readonly buckets: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, string>>;
  /** Outputs of all stacks by `<stack>.<logicalId>`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly workflow: Workflow;
  readonly lambda: Lambda;
  readonly events: EventBus;
  /** Absent when switched off. */
  readonly schedules?: Schedules;
  /** Ends executions, processes and servers; resolves when nothing is left. May be called twice. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 5001;
/** Functions that single tasks and the API may run while maps use all that they may. */
const OTHER_CONCURRENCY = 8;

const namesOf = (assembly: Assembly, type: string) =>
  Object.fromEntries(assembly.resources(type).map(({ logicalId, name }) => [logicalId, name]));

/** One S3 client per role. */
function s3Clients(iam: Iam, endpoint: string) {
  const clients = new Map<string, S3Client>();
  return {
    of(roleArn: string): S3Client {
      const known = clients.get(roleArn);
      if (known) return known;
      const credentials = iam.credentialsFor(roleArn);
      const client = new S3Client({ endpoint, region: REGION, forcePathStyle: true, credentials });
      clients.set(roleArn, client);
      return client;
    },
    close() {
      for (const client of clients.values()) client.destroy();
    },
  };
}

const unavailable: RequestHandler = (_request, response) => {
  response.writeHead(503, { 'content-type': 'application/json' }).end('{"message":"Service Unavailable"}');
};

type Closer = () => void | Promise<void>;

/** Runs the closers, last opened first; a failure of one does not keep the others open. */
async function closeAll(closers: Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer; closer = closers.pop()) {
    try {
      await closer();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function boot(options: LocalCloudOptions, closers: Closer[]): Promise<Omit<LocalCloud, 'close'>> {
  const {
    dataFolder,
    fresh = false,
    port = DEFAULT_PORT,
    schedules: withSchedules = true,
    log = () => {},
    onState,
    onDatabase,
  } = options;
  const concurrency = options.concurrency ?? Math.max(2, availableParallelism());

  // The API's address is part of what the template resolves to, so its port is taken first, before any data is touched.
  let answerApi = unavailable;
  const api = await listen((request, response) => answerApi(request, response), port);
  closers.push(() => api.close());
  const assembly = loadAssembly(options.assembly, { apiUrl: api.url });
  assertSupported(assembly);
  const iam = createIam(assembly);

  // The database locks the data folder: it comes before everything else that writes there.
  const dynamodb = await startDynamoDb({
    assembly,
    iam,
    folder: path.join(dataFolder, 'dynamodb'),
    fresh,
    log,
    ...(onDatabase && { onOperation: onDatabase }),
  });
  closers.push(() => dynamodb.close());
  if (fresh)
    for (const part of ['s3', 'logs']) rmSync(path.join(dataFolder, part), { recursive: true, force: true });
  let events: EventBus | undefined;
  const s3 = await startS3({
    folder: path.join(dataFolder, 's3'),
    buckets: bucketsOf(assembly),
    iam,
    onEvent: (event) => void events?.put(event),
    log,
  });
  closers.push(() => s3.close());
  const clients = s3Clients(iam, s3.endpoint);
  closers.push(() => clients.close());

  let answerWorkflow = unavailable;
  const door = await listen((request, response) => answerWorkflow(request, response));
  closers.push(() => door.close());
  let answerEvents = unavailable;
  const eventsDoor = await listen((request, response) => answerEvents(request, response));
  closers.push(() => eventsDoor.close());
  const endpoints = {
    s3: s3.endpoint,
    dynamodb: dynamodb.endpoint,
    sfn: door.url,
    eventbridge: eventsDoor.url,
  };

  const lambda = new Lambda({
    functions: functionsOf(assembly),
    concurrency: concurrency + OTHER_CONCURRENCY,
    environment: (definition) => variablesFor(iam, endpoints, definition),
    logFolder: path.join(dataFolder, 'logs'),
    log: (functionName, line) => log(`[${functionName}] ${line}`),
  });
  closers.push(() => lambda.close());

  const workflow = new Workflow({
    machines: machinesOf(assembly),
    invoke: (functionArn, event) => lambda.invoke(functionArn, event),
    functionArn: (nameOrArn) => lambda.find(nameOrArn).arn,
    isAllowed: (roleArn, action, resourceArn) => iam.authorize(roleArn, action, resourceArn).allowed,
    s3: (roleArn) => clients.of(roleArn),
    concurrency,
    ...(onState && { onState }),
  });
  closers.push(() => workflow.close());
  answerWorkflow = createWorkflowApi(workflow, iam);

  const deliver: Deliver = async (arn, input) => {
    // A topic has no subscribers here: that its message was logged is its delivery.
    if (arn.split(':')[2] === 'sns') log(`topic ${arn.split(':').at(-1)} is told ${JSON.stringify(input)}`);
    else if (arn.includes(':stateMachine:')) await workflow.start(arn, input as Json);
    else await lambda.invoke(arn, JSON.stringify(input));
  };
  events = createEventBus({ assembly, iam, deliver, log });
  answerEvents = createEventsApi(events, iam);
  const clock = typeof withSchedules === 'object' ? { clock: withSchedules } : {};
  const schedules = withSchedules ? startSchedules({ assembly, iam, deliver, log, ...clock }) : undefined;
  closers.push(() => schedules?.stop());

  const definition = readHttpApi((type) => assembly.resources(type)) ?? { apiId: 'none', routes: [] };
  const invoke = (functionArn: string, event: string) => lambda.invoke(functionArn, event);
  answerApi = createHttpApi({ definition, invoke, accountId: ACCOUNT, region: REGION, log });
  closers.push(() => {
    answerApi = unavailable;
  });

  return {
    apiUrl: api.url,
    endpoints,
    adminCredentials: iam.credentialsFor(ADMIN_ARN),
    region: REGION,
    buckets: namesOf(assembly, 'AWS::S3::Bucket'),
    tables: namesOf(assembly, 'AWS::DynamoDB::Table'),
    outputs: assembly.outputs(),
    workflow,
    lambda,
    events,
    ...(schedules && { schedules }),
  };
}

/**
 * Brings a synthesized app up on 127.0.0.1: HTTP API, S3, DynamoDB, Lambda, Step Functions, event rules and schedules.
 * What fails half-way leaves nothing behind.
 *
 * @throws PortTakenError; TemplateError or WorkflowDefinitionError for what cannot run on one machine;
 * DataFolderLockedError when another process uses the data folder
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const closers: Closer[] = [];
  let closed: Promise<void> | undefined;
  const close = () => {
    stopListening();
    closed ??= closeAll(closers);
    return closed;
  };
  const stopListening = onSignals(close);
  try {
    const cloud = await boot(options, closers);
    if (!closed) return { ...cloud, close };
    await closed;
    await closeAll(closers);
    throw new Error('The local cloud was stopped while it started.');
  } catch (error) {
    await close();
    throw error;
  }
}
