import type { SegmentsPage } from '../functions/contracts/api.ts';
import type { RunDetail, RunSummary } from '../functions/contracts/api-runs.ts';
import type { Problem } from '../functions/errors.ts';
import { RunFailedError } from './terminal.ts';

/** API Gateway itself refuses in other words than our functions: `{ "message": "Forbidden" }`. */
function problemOf(body: unknown, request: string, status: number): Problem {
  const { title, message } = body as { title?: string; message?: string };
  if (title !== undefined) return body as Problem;
  const detail = `The API answered ${request} with ${status}: ${message ?? JSON.stringify(body)}`;
  return { type: 'about:blank', title: 'UnexpectedAnswer', status, detail };
}

/** The HTTP API as a caller sees it: `fetch` and a key. */
export class ApiClient {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  get<T>(path: string): Promise<T> {
    return this.call('GET', path);
  }

  /** @throws RunFailedError with the problem document that the API answered */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { 'X-API-Key': this.#key, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as unknown;
    if (!response.ok) throw new RunFailedError(problemOf(answer, `${method} ${path}`, response.status));
    return answer as T;
  }

  run(runId: string): Promise<RunDetail> {
    return this.get(`/v1/runs/${runId}`);
  }

  /** The run that an execution claimed, if it claimed one: it is among the newest. */
  async runOfExecution(executionArn: string): Promise<RunDetail | undefined> {
    const { runs } = await this.get<{ runs: RunSummary[] }>('/v1/runs?limit=10');
    for (const { runId } of runs) {
      const detail = await this.run(runId);
      if (detail.executionId === executionArn) return detail;
    }
    return undefined;
  }

  /** All segments that the dataset serves now. */
  async segments(dataset: string): Promise<SegmentsPage> {
    const first = await this.get<SegmentsPage>(`/v1/segments?dataset=${dataset}&limit=100`);
    const segments = [...first.segments];
    for (let { cursor } = first; cursor !== undefined; ) {
      const page = await this.get<SegmentsPage>(
        `/v1/segments?dataset=${dataset}&limit=100&cursor=${encodeURIComponent(cursor)}`,
      );
      segments.push(...page.segments);
      cursor = page.cursor;
    }
    return { ...first, segments };
  }
}
