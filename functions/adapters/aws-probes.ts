import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PREFIX } from '../contracts/env.ts';
import type { Probes } from '../ports.ts';
import { storeFault } from './store-faults.ts';

/** Whoever asks after our health gives up soon, and asks again himself. */
const probeSettings = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true },
};

/** One small request to each service, about the very bucket and state machine of this deployment. */
export function awsProbes(bucket: () => string, machine: () => string): Probes {
  let s3: S3Client | undefined;
  let sfn: SFNClient | undefined;
  return {
    async storage() {
      s3 ??= new S3Client(probeSettings);
      const request = { Bucket: bucket(), Prefix: PREFIX.health, MaxKeys: 1 };
      await answered('list the bucket', s3.send(new ListObjectsV2Command(request)));
    },
    async workflow() {
      sfn ??= new SFNClient(probeSettings);
      const request = { stateMachineArn: machine(), maxResults: 1 };
      await answered('list executions', sfn.send(new ListExecutionsCommand(request)));
    },
  };
}

async function answered(action: string, sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    throw storeFault(error, action);
  }
}
