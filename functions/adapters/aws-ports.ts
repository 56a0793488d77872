import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ENV } from '../contracts/env.ts';
import { TessellaError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { dynamodbApiKeys } from './dynamodb-api-keys.ts';
import { dynamodbLabels } from './dynamodb-labels.ts';
import { dynamodbRuns } from './dynamodb-runs.ts';
import { dynamodbSegments } from './dynamodb-segments.ts';
import { openTable } from './dynamodb-table.ts';
import { s3Objects } from './s3-objects.ts';
import { stepfunctionsWorkflow } from './stepfunctions-workflow.ts';

/** A call that gets no answer is given up and retried: no operation of ours takes this long. */
const CONNECT_MS = 3000;
const ANSWER_MS = 15_000;
/** Also the pause a reader may make between two chunks of a streamed object. */
const OBJECT_MS = 60_000;

const timeouts = {
  connectionTimeout: CONNECT_MS,
  requestTimeout: ANSWER_MS,
  throwOnRequestTimeout: true,
};

/**
 * Numbers as JavaScript prints them, and back: DynamoDB keeps 38 digits, so that every double from 1e-130 to 1e125
 * comes back as the same bits.
 */
const translate = {
  marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
  unmarshallOptions: { wrapNumbers: (digits: string) => Number(digits) },
};

/** Document client with our number format on a DynamoDB client. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, translate);
}

/**
 * Ports on AWS. Each client and store is made at its first use, once: a function pays for, and needs the environment
 * variable of, only what it touches.
 */
export function awsPorts(env: NodeJS.ProcessEnv = process.env): Ports {
  const required = (name: string): string => {
    const value = env[name];
    if (value) return value;
    throw new TessellaError(
      `The environment variable ${name} is not set. The stack that deploys this function must set it.`,
    );
  };
  const document = once(() =>
    documentClient(new DynamoDBClient({ maxAttempts: 5, requestHandler: timeouts })),
  );
  const table = (name: string) => openTable(document(), required(name));
  const stores = {
    objects: once(() =>
      s3Objects(
        new S3Client({
          maxAttempts: 5,
          requestHandler: { ...timeouts, requestTimeout: OBJECT_MS, socketTimeout: OBJECT_MS },
        }),
        required(ENV.dataBucket),
      ),
    ),
    runs: once(() => dynamodbRuns(table(ENV.runsTable))),
    segments: once(() => dynamodbSegments(table(ENV.segmentsTable))),
    labels: once(() => dynamodbLabels(table(ENV.labelsTable))),
    apiKeys: once(() => dynamodbApiKeys(table(ENV.apiKeysTable))),
    workflow: once(() =>
      stepfunctionsWorkflow(
        new SFNClient({ maxAttempts: 5, requestHandler: timeouts }),
        required(ENV.stateMachineArn),
      ),
    ),
  };
  return {
    get objects() {
      return stores.objects();
    },
    get runs() {
      return stores.runs();
    },
    get segments() {
      return stores.segments();
    },
    get labels() {
      return stores.labels();
    },
    get apiKeys() {
      return stores.apiKeys();
    },
    get workflow() {
      return stores.workflow();
    },
    clock: { now: () => new Date() },
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
