import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ByteRange, ObjectHead, ObjectStore } from '../ports.ts';
import { batchesOf } from './batches-of.ts';
import { objectNotFound } from './store-errors.ts';
import { isNamed, storeFault } from './store-faults.ts';

/** Size of an uploaded part: 10,000 of them make 78 GiB, and two in flight keep memory small. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 2;

/** Most keys that S3 deletes in one request. */
const DELETED_AT_ONCE = 1000;

const DEFAULT_TYPE = 'application/octet-stream';

/** Objects of one bucket. */
export function s3Objects(client: S3Client, bucket: string): ObjectStore {
  const fault = (error: unknown, verb: string, key: string) =>
    storeFault(error, `${verb} object ${JSON.stringify(key)}`);

  async function head(key: string): Promise<ObjectHead | undefined> {
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return { key, size: found.ContentLength ?? 0, etag: unquoted(found.ETag) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw fault(error, 'look up', key);
    }
  }

  /** The body, or undefined for a range that holds no byte, which S3 cannot express. */
  async function body(key: string, range?: ByteRange): Promise<GetObjectCommandOutput['Body']> {
    if (range?.end !== undefined && range.end <= range.start) {
      if (await head(key)) return undefined;
      throw objectNotFound(key);
    }
    const header = range && { Range: `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}` };
    try {
      return (await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...header }))).Body;
    } catch (error) {
      if (isNamed(error, 'InvalidRange')) return undefined;
      throw isMissing(error) ? objectNotFound(key, { cause: error }) : fault(error, 'read', key);
    }
  }

  return {
    head,
    async read(key, range) {
      const found = await body(key, range);
      try {
        return (await found?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        throw fault(error, 'read', key);
      }
    },
    async *stream(key, range) {
      const found = await body(key, range);
      if (!found) return;
      try {
        yield* found as Readable;
      } catch (error) {
        throw fault(error, 'read', key);
      }
    },
    async write(key, bytes, contentType = DEFAULT_TYPE) {
      try {
        const input = { Bucket: bucket, Key: key, Body: bytes, ContentType: contentType };
        await client.send(new PutObjectCommand(input));
      } catch (error) {
        throw fault(error, 'write', key);
      }
    },
    async writeStream(key, chunks, contentType = DEFAULT_TYPE) {
      const sha256 = createHash('sha256');
      let bytes = 0;
      async function* measured() {
        for await (const chunk of chunks) {
          sha256.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      }
      const upload = new Upload({
        client,
        params: {
          Bucket: bucket,
          Key: key,
          Body: Readable.from(measured(), { objectMode: false }),
          ContentType: contentType,
        },
        partSize: PART_BYTES,
        queueSize: PARTS_IN_FLIGHT,
      });
      try {
        await upload.done();
      } catch (error) {
        throw fault(error, 'write', key);
      }
      return { bytes, sha256: sha256.digest('hex') };
    },
    async deleteAll(keys) {
      for (const batch of batchesOf(keys, DELETED_AT_ONCE)) {
        const Objects = batch.map((Key) => ({ Key }));
        try {
          const input = { Bucket: bucket, Delete: { Objects, Quiet: true } };
          const { Errors = [] } = await client.send(new DeleteObjectsCommand(input));
          // The answer is 200 whatever became of each key.
          const [first] = Errors;
          if (first) throw Object.assign(new Error(first.Message), { name: first.Code });
        } catch (error) {
          throw fault(error, 'delete', batch[0]!);
        }
      }
    },
    async *list(prefix) {
      try {
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          for (const { Key: key, Size: size = 0, ETag } of page.Contents ?? []) {
            if (key !== undefined) yield { key, size, etag: unquoted(ETag) };
          }
        }
      } catch (error) {
        throw fault(error, 'list', prefix);
      }
    },
  };
}

function unquoted(etag = ''): string {
  return etag.replaceAll('"', '');
}

/** A HEAD request has no body to name the fault in: the status alone says it. */
function isMissing(error: unknown): boolean {
  return isNamed(error, 'NoSuchKey') || isNamed(error, 'NotFound');
}
