import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BodyDigest, UploadBody } from './s3-body.ts';
import type { ChecksumName } from './s3-checksums.ts';
import { S3Error } from './s3-error.ts';
import { openSealed, readDescription, type SealedFile, writeSealed } from './s3-file.ts';
import { KeyIndex } from './s3-keys.ts';

/** A checksum that is kept with an object. */
export interface StoredChecksum {
  readonly name: ChecksumName;
  /** Base64; `…-N` for one over the checksums of N parts. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** What the writer of an object says of it. */
export interface ObjectDescription {
  /** Standard headers that a read gives back, e.g. `content-type`; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values of `x-amz-meta-*`, without that prefix. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Everything known of a stored object but its content. */
export interface StoredObject extends ObjectDescription {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  readonly checksum?: StoredChecksum;
}

/** Throws when an object must not be written over the present one (undefined: there is none). */
export type Precondition = (present: StoredObject | undefined) => void;

/** Content waiting in the staging folder to become an object. */
export interface Staged {
  readonly file: string;
  readonly object: StoredObject;
}

const noSuchBucket = (bucket: string) =>
  new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket });
const noSuchKey = (key: string) =>
  new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });

/** Whole-object facts of an upload in one piece. */
export const factsOf = ({ size, md5, checksum }: BodyDigest) => ({
  size,
  etag: md5.toString('hex'),
  ...(checksum && { checksum: { ...checksum, type: 'FULL_OBJECT' as const } }),
});

/**
 * Objects on disk. An object is one sealed file named by the SHA-256 of its key, so that keys of any shape live side
 * by side; it is written aside and renamed into place, so that readers see the old or the new one, also after a kill.
 * What is listed is kept in memory, read from the files at the start: one process owns the folder.
 */
export class S3Store {
  readonly #folder: string;
  readonly #indexes = new Map<string, KeyIndex<StoredObject>>();
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(folder: string, buckets: readonly string[], now: () => number) {
    this.#folder = folder;
    this.#now = now;
    rmSync(this.#staging, { recursive: true, force: true });
    mkdirSync(this.#staging, { recursive: true });
    for (const bucket of buckets) this.#indexes.set(bucket, this.#load(bucket));
  }

  get #staging(): string {
    return path.join(this.#folder, 'staging');
  }

  get bucketNames(): string[] {
    return [...this.#indexes.keys()].sort();
  }

  /** @throws S3Error NoSuchBucket */
  index(bucket: string): KeyIndex<StoredObject> {
    const index = this.#indexes.get(bucket);
    if (!index) throw noSuchBucket(bucket);
    return index;
  }

  /** A path in the staging folder that nothing else uses. */
  stagingFile(): string {
    return path.join(this.#staging, randomUUID());
  }

  /** Writes content aside; what failed half-way leaves nothing. `facts` is called after the last chunk. */
  async stage(
    key: string,
    content: AsyncIterable<Uint8Array>,
    { headers, metadata }: ObjectDescription,
    facts: () => Pick<StoredObject, 'size' | 'etag' | 'checksum'>,
  ): Promise<Staged> {
    const file = this.stagingFile();
    try {
      const object = await writeSealed<StoredObject>(file, content, () => ({
        key,
        ...facts(),
        modifiedAt: this.#now(),
        headers,
        metadata,
      }));
      return { file, object };
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  /** Puts staged content in place, in one step with its precondition: of two racing writers one sees the other. */
  commit(bucket: string, { file, object }: Staged, precondition: Precondition): StoredObject {
    try {
      const index = this.index(bucket);
      precondition(index.get(object.key));
      const target = this.#fileOf(bucket, object.key);
      mkdirSync(path.dirname(target), { recursive: true });
      renameSync(file, target);
      index.set(object.key, object);
      return object;
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    }
  }

  /** Stores an upload under a key. */
  async put(
    bucket: string,
    key: string,
    body: UploadBody,
    description: ObjectDescription,
    precondition: Precondition,
  ): Promise<StoredObject> {
    const staged = await this.stage(key, body.chunks, description, () => factsOf(body.digest()));
    return this.commit(bucket, staged, precondition);
  }

  /** @throws S3Error NoSuchKey */
  head(bucket: string, key: string): StoredObject {
    const object = this.index(bucket).get(key);
    if (!object) throw noSuchKey(key);
    return object;
  }

  /** Opens one version of an object for reading; the caller closes the handle. @throws S3Error NoSuchKey */
  async open(bucket: string, key: string): Promise<SealedFile<StoredObject>> {
    this.head(bucket, key);
    try {
      return await openSealed<StoredObject>(this.#fileOf(bucket, key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noSuchKey(key);
      throw error;
    }
  }

  /** Removes an object and returns what it was; undefined when there was none. */
  delete(bucket: string, key: string, precondition: Precondition = () => {}): StoredObject | undefined {
    const index = this.index(bucket);
    const present = index.get(key);
    precondition(present);
    if (!present) return undefined;
    rmSync(this.#fileOf(bucket, key), { force: true });
    index.delete(key);
    return present;
  }

  #fileOf(bucket: string, key: string): string {
    const name = createHash('sha256').update(key).digest('hex');
    return path.join(this.#folder, 'buckets', bucket, name.slice(0, 2), name.slice(2));
  }

  #load(bucket: string): KeyIndex<StoredObject> {
    const folder = path.join(this.#folder, 'buckets', bucket);
    mkdirSync(folder, { recursive: true });
    const index = new KeyIndex<StoredObject>();
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const object = readDescription<StoredObject>(path.join(entry.parentPath, entry.name));
      index.set(object.key, object);
    }
    return index;
  }
}
