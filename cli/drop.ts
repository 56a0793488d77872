import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { PREFIX, RUN_REQUEST_SUFFIX } from '../functions/contracts/env.ts';
import type { RunRequestInput } from '../functions/contracts/workflow.ts';
import { InvalidRequestError } from '../functions/errors.ts';
import type { LocalStack } from './stack.ts';

/** Checks the files named on the command line before anything is booted. @throws InvalidRequestError */
export async function checkFiles(files: readonly string[]): Promise<void> {
  const names = new Map<string, string>();
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (!stats) throw new InvalidRequestError(`There is no file ${file}: check the path.`, { file });
    if (!stats.isFile())
      throw new InvalidRequestError(`${file} is not a file: name the files in it.`, { file });
    const same = names.get(basename(file));
    if (same !== undefined) {
      throw new InvalidRequestError(
        `${same} and ${file} have the same name: rename one, since names tell the uploaded files apart.`,
        { file },
      );
    }
    names.set(basename(file), file);
  }
}

/** Where a run's input goes. */
export interface DropTarget {
  readonly tenant: string;
  readonly dataset: string;
}

/**
 * Uploads the files, then drops the run request that names them: the object whose creation starts the workflow.
 * @returns the key of the dropped request
 */
export async function dropFiles(
  { cloud, output }: LocalStack,
  { tenant, dataset }: DropTarget,
  files: readonly string[],
  request: Omit<RunRequestInput, 'files'>,
): Promise<string> {
  const client = new S3Client({
    region: cloud.region,
    endpoint: cloud.endpoints.s3,
    credentials: cloud.adminCredentials,
    forcePathStyle: true,
  });
  const bucket = output('DataBucketName');
  try {
    const keys: string[] = [];
    for (const file of files) {
      const key = `${PREFIX.files}${tenant}/${dataset}/${basename(file)}`;
      await new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: createReadStream(file) },
      }).done();
      keys.push(key);
    }
    const body = JSON.stringify({ ...request, files: keys });
    const name = createHash('sha256').update(body).digest('hex').slice(0, 16);
    const key = `${PREFIX.drop}${tenant}/${dataset}/${name}${RUN_REQUEST_SUFFIX}`;
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
    );
    return key;
  } finally {
    client.destroy();
  }
}
