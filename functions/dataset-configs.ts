import type { DatasetConfig, DatasetConfigRecord } from './contracts/dataset.ts';
import { ConflictError, NotFoundError, PayloadTooLargeError } from './errors.ts';
import { canonicalJson } from './json-objects.ts';
import type { Ports } from './ports.ts';

/** A version that holds a configuration, and is no deletion. */
export type SavedConfig = DatasetConfigRecord & { readonly config: DatasetConfig };

/** Which configuration is meant, and of whom. */
export interface ConfigRef {
  readonly tenant: string;
  readonly dataset: string;
}

/** Largest configuration, bytes of JSON: a table item may have 400 KB. */
const MOST_BYTES = 256 * 1024;

/** Attempts to become the next version while others write. */
const ATTEMPTS = 5;

type Stores = Pick<Ports, 'configs' | 'clock'>;

/** The configuration that holds now, or a version of old; undefined where there is none or it was deleted. */
export async function savedConfig(
  { configs }: Pick<Ports, 'configs'>,
  { tenant, dataset }: ConfigRef,
  version?: number,
): Promise<SavedConfig | undefined> {
  const found =
    version === undefined
      ? await configs.newest(tenant, dataset)
      : await configs.version(tenant, dataset, version);
  return found && isSaved(found) ? found : undefined;
}

/**
 * Saves a configuration as the next version; one that equals what is saved stays the version it is.
 * @param expectedVersion the version that the caller has seen, 0 for none; absent overwrites whatever there is
 * @throws ConflictError naming the current version where it is another one
 * @throws PayloadTooLargeError above 256 KiB
 */
export async function saveConfig(
  stores: Stores,
  ref: ConfigRef,
  config: DatasetConfig,
  expectedVersion?: number,
): Promise<SavedConfig> {
  const text = canonicalJson(config);
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) {
    throw new PayloadTooLargeError(
      `The configuration is ${bytes} bytes long, at most ${MOST_BYTES} fit. Name fewer columns: those left out are inferred.`,
      { reason: 'config_too_large' },
    );
  }
  const saved = await append(stores, ref, config, expectedVersion, (current) =>
    current?.config && canonicalJson(current.config) === text ? current : undefined,
  );
  return { ...saved, config };
}

/**
 * Deletes a configuration, as a version of its own: what is saved later counts on from it, and old versions stay
 * readable. @throws NotFoundError where there is none, ConflictError where it is not the expected version
 */
export async function deleteConfig(
  stores: Stores,
  ref: ConfigRef,
  expectedVersion?: number,
): Promise<DatasetConfigRecord> {
  return append(stores, ref, null, expectedVersion, (current) => {
    if (current?.config) return undefined;
    throw configNotFound(ref.dataset);
  });
}

/** What every route answers for a dataset without a configuration, or another tenant's. */
export function configNotFound(dataset: string, version?: number): NotFoundError {
  const what =
    version === undefined ? 'no saved configuration' : `no version ${version} of its configuration`;
  return new NotFoundError(
    `The dataset ${dataset} has ${what}. GET /v1/datasets lists the datasets; PUT saves a configuration.`,
    { reason: 'no_such_config', dataset },
  );
}

async function append(
  { configs, clock }: Stores,
  { tenant, dataset }: ConfigRef,
  config: DatasetConfig | null,
  expectedVersion: number | undefined,
  settled: (current: DatasetConfigRecord | undefined) => DatasetConfigRecord | undefined,
): Promise<DatasetConfigRecord> {
  for (let attempt = 1; ; attempt++) {
    const current = await configs.newest(tenant, dataset);
    // To a caller who has seen no configuration, a deleted one and none are the same.
    const seen = current?.config ? current.version : 0;
    if (expectedVersion !== undefined && expectedVersion !== seen)
      throw conflict(dataset, expectedVersion, seen);
    const done = settled(current);
    if (done) return done;
    const version = (current?.version ?? 0) + 1;
    const record = { tenant, dataset, version, config, savedAt: clock.now().toISOString() };
    if (await configs.append(record)) return record;
    if (attempt === ATTEMPTS) throw conflict(dataset, seen, version);
  }
}

function conflict(dataset: string, expected: number, found: number): ConflictError {
  return new ConflictError(
    `The configuration of ${dataset} is at version ${found}, not ${expected}: somebody saved it in between. ` +
      'Read it again, make your change to that version, and save with its number.',
    { reason: 'version_conflict', dataset, expectedVersion: expected, currentVersion: found },
  );
}

function isSaved(record: DatasetConfigRecord): record is SavedConfig {
  return record.config !== null;
}
