import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { UploadBody } from './s3-body.ts';
import { type ChecksumName, startChecksum } from './s3-checksums.ts';
import { S3Error } from './s3-error.ts';
import { openSealed, readDescription, writeSealed } from './s3-file.ts';
import {
  factsOf,
  type ObjectDescription,
  type Precondition,
  type S3Store,
  type StoredChecksum,
  type StoredObject,
} from './s3-store.ts';

/** Least size of every part but the last, in bytes. */
const MIN_PART = 5 * 1024 * 1024;

/** A multipart upload in progress. */
export interface Upload extends ObjectDescription {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly checksum?: Pick<StoredChecksum, 'name' | 'type'>;
}

/** A part that was uploaded. */
export interface StoredPart {
  readonly partNumber: number;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAt: number;
  readonly checksum?: { readonly name: ChecksumName; readonly value: string };
}

/** Parts as the caller wants them put together. */
export interface WantedPart {
  readonly partNumber: number;
  readonly etag: string;
}

/** Multipart uploads on disk: a folder each, holding what was asked at creation and one sealed file per part. */
export class S3Uploads {
  readonly #folder: string;
  readonly #store: S3Store;
  readonly #now: () => number;

  constructor(folder: string, store: S3Store, now: () => number) {
    this.#folder = path.join(folder, 'uploads');
    this.#store = store;
    this.#now = now;
    mkdirSync(this.#folder, { recursive: true });
  }

  create(upload: Omit<Upload, 'uploadId'>): Upload {
    const created: Upload = { ...upload, uploadId: randomBytes(24).toString('base64url') };
    mkdirSync(this.#pathOf(created.uploadId));
    writeFileSync(path.join(this.#pathOf(created.uploadId), 'upload.json'), JSON.stringify(created));
    return created;
  }

  /** @throws S3Error NoSuchUpload when it does not exist or is for another key */
  get(uploadId: string, bucket: string, key: string): Upload {
    const file = path.join(this.#pathOf(uploadId), 'upload.json');
    if (/^[\w-]+$/.test(uploadId) && existsSync(file)) {
      const upload = JSON.parse(readFileSync(file, 'utf8')) as Upload;
      if (upload.bucket === bucket && upload.key === key) return upload;
    }
    throw new S3Error(
      'NoSuchUpload',
      'The upload does not exist: its id is wrong, or it was completed or aborted.',
      {
        UploadId: uploadId,
      },
    );
  }

  async putPart(upload: Upload, partNumber: number, body: UploadBody): Promise<StoredPart> {
    const staged = this.#store.stagingFile();
    try {
      const part = await writeSealed<StoredPart>(staged, body.chunks, () => ({
        partNumber,
        ...factsOf(body.digest()),
        modifiedAt: this.#now(),
      }));
      this.get(upload.uploadId, upload.bucket, upload.key);
      renameSync(staged, this.#partFile(upload, partNumber));
      return part;
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }

  /** In order of their numbers. */
  parts(upload: Upload): StoredPart[] {
    const folder = this.#pathOf(upload.uploadId);
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map((name) => readDescription<StoredPart>(path.join(folder, name)))
      .sort((a, b) => a.partNumber - b.partNumber);
  }

  abort(upload: Upload): void {
    rmSync(this.#pathOf(upload.uploadId), { recursive: true, force: true });
  }

  /**
   * Puts the wanted parts together as one object and ends the upload. ETag: MD5 over the parts' MD5s, `-N`.
   *
   * @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, or what the precondition throws
   */
  async complete(
    upload: Upload,
    wanted: readonly WantedPart[],
    precondition: Precondition,
  ): Promise<StoredObject> {
    const parts = this.#chosen(upload, wanted);
    const md5s = parts.map(({ etag }) => Buffer.from(etag, 'hex'));
    const whole = upload.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.checksum.name) : undefined;
    const content = this.#contentOf(upload, parts, (chunk) => whole?.update(chunk));
    const staged = await this.#store.stage(upload.key, content, upload, () => {
      const checksum = checksumOf(upload, parts, () => whole!.digest());
      return {
        size: parts.reduce((sum, { size }) => sum + size, 0),
        etag: `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${parts.length}`,
        ...(checksum && { checksum }),
      };
    });
    const object = this.#store.commit(upload.bucket, staged, precondition);
    this.abort(upload);
    return object;
  }

  #chosen(upload: Upload, wanted: readonly WantedPart[]): StoredPart[] {
    const present = new Map(this.parts(upload).map((part) => [part.partNumber, part]));
    if (wanted.length === 0) throw new S3Error('MalformedXML', 'You must name at least one part.');
    return wanted.map(({ partNumber, etag }, i) => {
      if (i > 0 && partNumber <= wanted[i - 1]!.partNumber)
        throw new S3Error('InvalidPartOrder', 'The parts must be named in ascending order, each once.');
      const part = present.get(partNumber);
      if (!part || part.etag !== etag.replaceAll('"', ''))
        throw new S3Error('InvalidPart', `Part ${partNumber} was not uploaded, or its ETag is not ${etag}.`);
      if (part.size < MIN_PART && i < wanted.length - 1)
        throw new S3Error('EntityTooSmall', `Part ${partNumber} is below 5 MiB; only the last part may be.`, {
          PartNumber: String(partNumber),
        });
      return part;
    });
  }

  async *#contentOf(upload: Upload, parts: readonly StoredPart[], onChunk: (chunk: Uint8Array) => void) {
    for (const { partNumber } of parts) {
      const { handle, size } = await openSealed<StoredPart>(this.#partFile(upload, partNumber));
      try {
        if (size === 0) continue;
        for await (const chunk of handle.createReadStream({ start: 0, end: size - 1, autoClose: false })) {
          onChunk(chunk);
          yield chunk as Uint8Array;
        }
      } finally {
        await handle.close();
      }
    }
  }

  #pathOf(uploadId: string): string {
    return path.join(this.#folder, path.basename(uploadId));
  }

  #partFile(upload: Upload, partNumber: number): string {
    return path.join(this.#pathOf(upload.uploadId), String(partNumber));
  }
}

function checksumOf(
  { checksum }: Upload,
  parts: readonly StoredPart[],
  whole: () => Buffer,
): StoredChecksum | undefined {
  if (!checksum) return undefined;
  if (checksum.type === 'FULL_OBJECT') return { ...checksum, value: whole().toString('base64') };
  const composite = startChecksum(checksum.name);
  for (const part of parts) {
    // A part sent without the checksum leaves the whole without one.
    if (part.checksum?.name !== checksum.name) return undefined;
    composite.update(Buffer.from(part.checksum.value, 'base64'));
  }
  return { ...checksum, value: `${composite.digest().toString('base64')}-${parts.length}` };
}
