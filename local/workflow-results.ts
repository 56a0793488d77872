import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Context, evaluateTemplate, type Json, type State } from './workflow-engine.ts';
import { StatesError } from './workflow-error.ts';

/** Status of an execution, named as Step Functions names it. */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One child execution as the result files of a map run hold it; field names and JSON-in-JSON are AWS's. */
export interface ChildRecord {
  readonly ExecutionArn: string;
  readonly Name: string;
  readonly StateMachineArn: string;
  readonly Input: string;
  readonly InputDetails: { readonly Included: true };
  readonly Output?: string;
  readonly OutputDetails?: { readonly Included: true };
  readonly Error?: string;
  readonly Cause?: string;
  readonly Status: ExecutionStatus | 'PENDING';
  readonly StartDate?: string;
  readonly StopDate?: string;
}

/**
 * Writes `manifest.json` and the result files of a map run below `<Prefix>/<map run id>/` and gives what becomes the
 * state's result.
 * @throws StatesError `States.ResultWriterFailed` when S3 refuses
 */
export async function writeResults(
  state: State,
  mapRunArn: string,
  records: readonly ChildRecord[],
  input: Json,
  context: Context,
  s3: S3Client,
): Promise<Json> {
  const { Parameters } = state.ResultWriter as { readonly Parameters: unknown };
  const { Bucket, Prefix = '' } = (await evaluateTemplate(Parameters, input, context)) as {
    Bucket: string;
    Prefix?: string;
  };
  const folder = [Prefix.replace(/\/$/, ''), mapRunArn.split(':').pop()].filter(Boolean).join('/');
  const put = async (file: string, content: unknown) => {
    const Body = JSON.stringify(content);
    const Key = `${folder}/${file}`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json' }));
    return { Key, Size: Buffer.byteLength(Body) };
  };
  const putAll = async (name: string, kept: (status: string) => boolean) => {
    const rows = records.filter(({ Status }) => kept(Status));
    return rows.length > 0 ? [await put(`${name}_0.json`, rows)] : [];
  };
  try {
    const manifest = await put('manifest.json', {
      DestinationBucket: Bucket,
      MapRunArn: mapRunArn,
      ResultFiles: {
        FAILED: await putAll('FAILED', (status) => status !== 'SUCCEEDED' && status !== 'PENDING'),
        PENDING: await putAll('PENDING', (status) => status === 'PENDING'),
        SUCCEEDED: await putAll('SUCCEEDED', (status) => status === 'SUCCEEDED'),
      },
    });
    return { MapRunArn: mapRunArn, ResultWriterDetails: { Bucket, Key: manifest.Key } };
  } catch (error) {
    const { name, message } = error as Error;
    throw new StatesError('States.ResultWriterFailed', `${name}: ${message}`);
  }
}
