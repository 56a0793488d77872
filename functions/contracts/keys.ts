import { PREFIX } from './env.ts';
import type { RunRef } from './workflow.ts';

const padded = (item: number) => String(item).padStart(5, '0');

/**
 * Keys of everything a run writes: each is a function of (run, step, item), so that a retry overwrites the same
 * bytes. All lie below `runs/{tenant}/{dataset}/{runId}/`.
 */
export function runKeys({ tenant, dataset, runId }: RunRef) {
  const root = `${PREFIX.runs}${tenant}/${dataset}/${runId}/`;
  const labelledRoot = `${root}write-labels/labelled/`;
  return {
    root,
    plan: `${root}plan/plan.json`,
    rowShards: `${root}plan/row-shards.json`,
    buckets: `${root}plan/buckets.json`,
    candidates: `${root}fit/candidates.json`,
    /** Partial aggregates of one row shard: Arrow streams, one per bucket, end to end. */
    partial: (shard: number) => `${root}build-features/${padded(shard)}.arrows`,
    partialManifest: (shard: number) => `${root}build-features/${padded(shard)}.json`,
    /** Rows of one shard that were not used, in parts, and rows of one bucket that merging left out: Arrow files. */
    rejected: (shard: number, part: number) =>
      `${root}build-features/${padded(shard)}.rejected-${padded(part)}.arrow`,
    leftOut: (bucket: number) => `${root}merge-entities/${padded(bucket)}.rejected.arrow`,
    entities: (bucket: number) => `${root}merge-entities/${padded(bucket)}.arrow`,
    entitiesManifest: (bucket: number) => `${root}merge-entities/${padded(bucket)}.json`,
    recipe: `${root}fit/recipe.json`,
    features: (bucket: number) => `${root}write-features/${padded(bucket)}.arrow`,
    fit: (candidate: number) => `${root}fit/candidate-${padded(candidate)}.json`,
    /** What a clustering beside the model found: in numbers, and per row of each bucket. */
    analysis: (algorithm: string) => `${root}fit/${algorithm}.json`,
    analysisLabels: (algorithm: string, bucket: number) => `${root}fit/${algorithm}/${padded(bucket)}.arrow`,
    model: `${root}fit/model.json`,
    selection: `${root}fit/selection.json`,
    labels: (bucket: number) => `${root}assign-segments/${padded(bucket)}.arrow`,
    partialProfile: (bucket: number) => `${root}assign-segments/${padded(bucket)}.json`,
    /** What the clusters of one bucket are like, by every algorithm. */
    bucketAnalyses: (bucket: number) => `${root}assign-segments/${padded(bucket)}.analyses.json`,
    /** The run that this one is compared with: the one served when the model was chosen. */
    former: `${root}fit/former.json`,
    identity: `${root}fit/identity.json`,
    /** Entities of one bucket whose segment changed, and what was written. */
    changes: (bucket: number) => `${root}write-labels/${padded(bucket)}.arrow`,
    labelWrites: (bucket: number) => `${root}write-labels/${padded(bucket)}.json`,
    /** Entities of one bucket that a label was written for: what is deleted when the run expires. */
    labelled: (bucket: number) => `${labelledRoot}${padded(bucket)}.arrow`,
    labelledRoot,
    /** Published artefacts: their bytes depend on content, request and seed alone, never on the sharding. */
    artifact: (name: string) => `${root}artifacts/${name}`,
    artifactIndex: `${root}artifacts.json`,
    /** Comparison with the run served before: no artefact, since it depends on more than content and request. */
    drift: `${root}drift.json`,
    flow: `${root}flow.json`,
    /** What a language model made of the names of segments. */
    phrasing: `${root}phrasing.json`,
    allChanges: `${root}segment_changes.arrow`,
    mapResults: `${root}map-results/`,
  };
}
export type RunKeys = ReturnType<typeof runKeys>;

/** Where the file of a presigned upload lies, and what was said of it. */
export function uploadKeys(tenant: string, uploadId: string): { manifest: string; data: string } {
  const root = `${PREFIX.uploads}${tenant}/${uploadId}/`;
  return { manifest: `${root}upload.json`, data: `${root}data` };
}

/** Keys of everything the drill-down of an upload or a segment writes; equal requests write equal bytes. */
export function drilldownKeys({ tenant, runId }: { readonly tenant: string; readonly runId: string }) {
  const root = `${PREFIX.drilldowns}${tenant}/${runId}/`;
  return {
    plan: `${root}plan/plan.json`,
    items: `${root}plan/items.json`,
    /** Customers of the upload, one JSON object a line, sorted by parent inside each chunk. */
    chunk: (chunk: number) => `${root}customers/${padded(chunk)}.jsonl`,
    /** A part of the answer's text. */
    part: (item: number) => `${root}parts/${padded(item)}.json`,
    /** Parts of a published segment that was drilled into. */
    children: `${root}children.json`,
    result: `${root}result.json`,
  };
}

/** Where a file lies that was written from the artefacts of a run because somebody asked for it. */
export function exportKey({ tenant, dataset, runId }: RunRef, name: string): string {
  return `${PREFIX.exports}${tenant}/${dataset}/${runId}/${name}`;
}

/** Key of the members of one segment as a file; a run's are always the same bytes. */
export function membersKey(run: RunRef, segmentId: number, format: string): string {
  return exportKey(run, `segment-${segmentId}.${format}`);
}

/** Splits `drop/{tenant}/{dataset}/…` or `files/…`; undefined for any other key. */
export function parseInputKey(key: string): { tenant: string; dataset: string; name: string } | undefined {
  const match = /^(?:drop|files)\/([^/]+)\/([^/]+)\/(.+)$/.exec(key);
  if (!match) return undefined;
  const [, tenant = '', dataset = '', name = ''] = match;
  return { tenant, dataset, name };
}

/** Where the record of an `X-Customer-Api-Id` stands in the table of API keys: found without knowing the tenant. */
export function customerApiKey(customerApiId: string): { partition: string; sort: string } {
  return { partition: `A#${customerApiId}`, sort: 'KEY' };
}

/** Where the record of a token issuer stands in the table of API keys. */
export function tokenIssuerKey(tenant: string, issuerId: string): { partition: string; sort: string } {
  return { partition: `T#${tenant}`, sort: `ISSUER#${issuerId}` };
}

/** Shortest secret that HS256 is taken with, characters: a shorter one can be guessed off-line from one token. */
export const SHORTEST_SECRET = 32;
