import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  paginateListParts,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { TransferredPart, TransferStore } from '../ports.ts';
import { isNamed, storeFault } from './store-faults.ts';

/**
 * Presigned transfers of one bucket. A URL carries the rights of the role that signs it, and ends with them.
 * @param client one that computes checksums only where S3 asks for them: a URL is signed before its body is known
 */
export function s3Transfers(client: S3Client, bucket: string): TransferStore {
  const guarded = async <T>(action: string, key: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw storeFault(error, `${action} ${JSON.stringify(key)}`);
    }
  };

  return {
    start(key, { contentType, contentEncoding }) {
      return guarded('start the upload', key, async () => {
        const { UploadId } = await client.send(
          new CreateMultipartUploadCommand({
            Bucket: bucket,
            Key: key,
            ContentType: contentType,
            ContentEncoding: contentEncoding,
          }),
        );
        if (UploadId === undefined) throw new Error('S3 named no upload');
        return UploadId;
      });
    },
    partUrl(key, multipartId, partNumber, seconds) {
      const command = new UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: multipartId,
        PartNumber: partNumber,
      });
      return guarded('sign a part', key, () => getSignedUrl(client, command, { expiresIn: seconds }));
    },
    parts(key, multipartId) {
      return guarded('list the parts', key, async () => {
        const found: TransferredPart[] = [];
        const input = { Bucket: bucket, Key: key, UploadId: multipartId };
        try {
          for await (const { Parts = [] } of paginateListParts({ client }, input)) {
            for (const { PartNumber: partNumber = 0, Size: bytes = 0, ETag: etag = '' } of Parts) {
              found.push({ partNumber, bytes, etag });
            }
          }
        } catch (error) {
          if (isNamed(error, 'NoSuchUpload')) return undefined;
          throw error;
        }
        return found;
      });
    },
    complete(key, multipartId, parts) {
      return guarded('complete the upload', key, async () => {
        const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
        try {
          await client.send(
            new CompleteMultipartUploadCommand({
              Bucket: bucket,
              Key: key,
              UploadId: multipartId,
              MultipartUpload: { Parts },
            }),
          );
          return true;
        } catch (error) {
          if (isNamed(error, 'NoSuchUpload')) return false;
          throw error;
        }
      });
    },
    abort(key, multipartId) {
      return guarded('abort the upload', key, async () => {
        try {
          await client.send(
            new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: multipartId }),
          );
        } catch (error) {
          if (!isNamed(error, 'NoSuchUpload')) throw error;
        }
      });
    },
    downloadUrl(key, { seconds, fileName, contentType }) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentType: contentType,
        ResponseContentDisposition: `attachment; filename="${fileName}"`,
      });
      return guarded('sign the download', key, () => getSignedUrl(client, command, { expiresIn: seconds }));
    },
  };
}
