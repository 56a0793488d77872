import path from 'node:path';
import { GetObjectCommand, type GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { ADMIN_ARN, type Credentials, createIam, type Iam } from '../../../local/iam.ts';
import { bucketsOf, startS3 } from '../../../local/s3.ts';
import type { CloudEvent } from '../../../local/s3-events.ts';
import { assemblyOf } from './assembly-fixture.ts';

export const BUCKET = 'test-bucket';

const notifyingBucket = {
  Type: 'AWS::S3::Bucket',
  Properties: {
    BucketName: BUCKET,
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
  },
};

/** A store with a client of its admin, and what it told the event bus. */
export interface RunningStore {
  readonly s3: S3Client;
  readonly endpoint: string;
  readonly events: CloudEvent[];
  readonly iam: Iam;
  clientFor(principalArn: string): S3Client;
  /** Reads a whole object. */
  read(key: string, more?: Partial<GetObjectCommandInput>): Promise<Buffer>;
  close(): Promise<void>;
}

/** A client of the store at that endpoint. */
export const clientAt = (endpoint: string, credentials: Credentials) =>
  new S3Client({ endpoint, region: 'eu-central-1', forcePathStyle: true, credentials, maxAttempts: 1 });

/** Starts a store with one bucket that notifies, one that does not, and the given further resources. */
export async function runStore(
  folder: string,
  { resources = {}, now }: { resources?: Record<string, object>; now?: () => number } = {},
): Promise<RunningStore> {
  const assembly = assemblyOf(folder, {
    Data: notifyingBucket,
    Quiet: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'quiet-bucket' } },
    ...resources,
  });
  const iam = createIam(assembly);
  const events: CloudEvent[] = [];
  const server = await startS3({
    folder: path.join(folder, 's3'),
    buckets: bucketsOf(assembly),
    iam,
    onEvent: (event) => events.push(event),
    ...(now && { now }),
  });
  const clientFor = (arn: string) => clientAt(server.endpoint, iam.credentialsFor(arn));
  const s3 = clientFor(ADMIN_ARN);
  return {
    s3,
    endpoint: server.endpoint,
    events,
    iam,
    clientFor,
    async read(key, more = {}) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, ...more }));
      return Buffer.from(await Body!.transformToByteArray());
    },
    close: () => server.close(),
  };
}
