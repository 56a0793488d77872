import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type DatasetConfig, datasetConfigSchema } from './contracts/dataset.ts';
import { PREFIX, RUN_REQUEST_SUFFIX } from './contracts/env.ts';
import { parseInputKey } from './contracts/keys.ts';
import {
  nameSchema,
  REQUEST_DEFAULTS,
  type ResolvedRequest,
  type RunRef,
  type RunRequest,
  runRequestSchema,
  type Trigger,
} from './contracts/workflow.ts';
import { InvalidRequestError } from './errors.ts';
import { canonicalJson } from './json-objects.ts';
import type { ObjectHead, Ports } from './ports.ts';
import { readAhead } from './read-ahead.ts';

/** Raise it when the same content and request must give other bytes than before: it is part of every run id. */
const PIPELINE_VERSION = 4;

/** Input files looked up at once: a caller of the API waits for all of them. */
const LOOK_UPS_AT_ONCE = 32;

/** Most input files of a run, listed ones included: as many as a request may name. */
const MOST_FILES = 10_000;

/** What a trigger asks for, with the run id that follows from it. */
export interface RunIdentity {
  readonly run: RunRef;
  /** As asked for: what a schedule repeats, so that the configuration of that day decides what it leaves open. */
  readonly asked: RunRequest;
  /** With everything decided: by the request, else the configuration, else the defaults. */
  readonly request: ResolvedRequest;
  /** Configuration of the dataset as it is saved now, or the default. */
  readonly config: DatasetConfig;
  /** The input files in the order of the request; listed ones by key. */
  readonly files: readonly ObjectHead[];
}

/**
 * Works out which run a trigger means. The run id is a hash of tenant, dataset, the content of the files (etag and
 * size in their order, not their names) and every setting that can change a result: the same content asked for twice is one run.
 * `shards` is left out because it changes no result, `rerun` exists to be part of it.
 * @returns undefined when a schedule fires for a dataset that nothing was published for yet
 * @throws InvalidRequestError for a malformed request, a file outside the tenant's prefixes or one that is missing
 */
export async function identifyRun(
  trigger: Trigger,
  ports: Pick<Ports, 'objects' | 'runs' | 'configs'>,
): Promise<RunIdentity | undefined> {
  const asked = await requestOf(trigger, ports);
  if (asked === undefined) return undefined;
  const { tenant, dataset, request: askedRequest } = asked;
  const config = (await ports.configs.newest(tenant, dataset))?.config ?? datasetConfigSchema.parse({});
  const request = resolved(askedRequest, config);
  const files: ObjectHead[] = [];
  const resolvedFile = (i: number) => resolveFile(request.files[i]!, tenant, ports);
  for await (const found of readAhead(request.files.length, resolvedFile, LOOK_UPS_AT_ONCE)) {
    files.push(...found);
    if (files.length > MOST_FILES) throw tooManyFiles();
  }
  const { files: _names, shards: _shards, ...settings } = request;
  const content = files.map(({ etag, size }) => `${etag}:${size}`);
  const identity = canonicalJson({
    version: PIPELINE_VERSION,
    tenant,
    dataset,
    content,
    settings,
    config: resultSettings(config),
  });
  const runId = `r${createHash('sha256').update(identity).digest('hex').slice(0, 24)}`;
  return { run: { tenant, dataset, runId }, asked: askedRequest, request, config, files };
}

/** What the request says, else the configuration, else the default. */
function resolved(request: RunRequest, config: DatasetConfig): ResolvedRequest {
  return {
    ...request,
    algorithm: request.algorithm ?? config.algorithm ?? REQUEST_DEFAULTS.algorithm,
    nClusters: request.nClusters ?? config.nClusters ?? REQUEST_DEFAULTS.nClusters,
    seed: request.seed ?? config.seed ?? REQUEST_DEFAULTS.seed,
    nInit: request.nInit ?? config.nInit ?? REQUEST_DEFAULTS.nInit,
  };
}

/** The part of a configuration that can change a result and that the resolved request does not hold already. */
function resultSettings(config: DatasetConfig) {
  const { schedule: _, keepRuns: _r, algorithm: _a, nClusters: _k, seed: _s, nInit: _n, ...others } = config;
  const { personal, ...settings } = others;
  return { ...settings, personal: personal?.columns };
}

/**
 * Sorts what is asked of a dataset by time: the second in which the object was dropped or the run asked for, then the
 * instant of planning. The second comes from the drop itself, so that an event delivered late or twice moves nothing
 * back to older data.
 */
export function turnOf(trigger: Trigger, plannedAt: Date): string {
  const droppedAt = trigger.trigger === 'drop' ? trigger.droppedAt : undefined;
  const askedAt = droppedAt === undefined ? plannedAt : new Date(droppedAt);
  return `${askedAt.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}/${plannedAt.toISOString()}`;
}

interface Asked {
  readonly tenant: string;
  readonly dataset: string;
  readonly request: RunRequest;
}

async function requestOf(
  trigger: Trigger,
  { objects, runs }: Pick<Ports, 'objects' | 'runs'>,
): Promise<Asked | undefined> {
  if (trigger.trigger === 'api') return trigger;
  if (trigger.trigger === 'schedule') {
    const { tenant, dataset } = trigger;
    const current = await runs.dataset(tenant, dataset);
    return current && { tenant, dataset, request: current.request };
  }
  const { key } = trigger;
  const place = key.startsWith(PREFIX.drop) ? parseInputKey(key) : undefined;
  if (
    place === undefined ||
    [place.tenant, place.dataset].some((name) => !nameSchema.safeParse(name).success)
  ) {
    throw new InvalidRequestError(
      `The object "${key}" names no tenant and dataset: drop files under ${PREFIX.drop}{tenant}/{dataset}/, ` +
        'where both are 1 to 63 of a-z, 0-9, - and _.',
      { file: key },
    );
  }
  const { tenant, dataset } = place;
  const request = key.endsWith(RUN_REQUEST_SUFFIX)
    ? parseRequest(await objects.read(key), key)
    : runRequestSchema.parse({ files: [key] });
  return { tenant, dataset, request };
}

function parseRequest(bytes: Uint8Array, key: string): RunRequest {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new InvalidRequestError(
      `The run request "${key}" is not JSON in UTF-8: ${(cause as Error).message}.`,
      { file: key, reason: 'invalid_json' },
      { cause },
    );
  }
  const parsed = runRequestSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new InvalidRequestError(`The run request "${key}" is not valid: ${issuesText(parsed.error)}.`, {
    file: key,
    reason: 'invalid_request',
  });
}

const issuesText = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.length > 0 ? `/${path.join('/')}: ` : ''}${message}`).join('; ');

function tooManyFiles(): InvalidRequestError {
  return new InvalidRequestError(
    `The request reaches more than ${MOST_FILES} files. Name folders that hold fewer, or join the files into larger ones.`,
    { reason: 'too_many_files' },
  );
}

/**
 * The objects that a key, or a folder ending in `/`, stands for; past `MOST_FILES` no more are listed.
 * @throws InvalidRequestError for one outside of the tenant's prefixes or that is not there
 */
export async function resolveFile(
  file: string,
  tenant: string,
  { objects }: Pick<Ports, 'objects'>,
): Promise<ObjectHead[]> {
  const allowed = [`${PREFIX.drop}${tenant}/`, `${PREFIX.files}${tenant}/`];
  if (!allowed.some((prefix) => file.startsWith(prefix))) {
    throw new InvalidRequestError(
      `The file "${file}" lies outside of this tenant's data: expected a key below ${allowed.join(' or ')}.`,
      { file, reason: 'foreign_file' },
    );
  }
  const found: ObjectHead[] = [];
  if (file.endsWith('/')) {
    for await (const head of objects.list(file)) {
      if (!head.key.endsWith('/') && !head.key.endsWith(RUN_REQUEST_SUFFIX)) found.push(head);
      if (found.length > MOST_FILES) break;
    }
  } else {
    const head = await objects.head(file);
    if (head !== undefined) found.push(head);
  }
  if (found.length === 0) {
    throw new InvalidRequestError(
      file.endsWith('/')
        ? `No file lies below "${file}": upload the data first.`
        : `There is no object "${file}": upload it before asking for a run on it.`,
      { file, reason: 'missing_file' },
    );
  }
  return found;
}
