import { expect } from 'vitest';
import type { z } from 'zod';
import { counter } from '../../functions/experiments/counters.ts';
import { dayOf } from '../../functions/experiments/eligibility.ts';
import { allRoutes } from '../../functions/routes/all-routes.ts';
import { matchRoute } from '../../functions/routes/match-route.ts';
import { assignmentOf } from '../adapters/experiment-store-contract.ts';
import { openApi } from './api-fixture.ts';

export const DAY = 86_400_000;

/** The API with a clock that tests move, and everything that was ever answered. */
export function openExperiments() {
  const clock = { now: Date.parse('2026-11-28T12:00:00.000Z') };
  const api = openApi(() => new Date(clock.now));
  const answers: unknown[] = [];

  const send = async (method: string, path: string, body?: unknown, tenant = 'acme') => {
    const answer = await api.call({ method, path, tenant, ...(body !== undefined && { body }) });
    answers.push(answer.json);
    if (answer.statusCode < 300) {
      const event = { rawPath: path, requestContext: { requestId: '1', http: { method } } };
      const schema = matchRoute(allRoutes, event)?.route.answer as z.ZodObject;
      expect(schema.strict().safeParse(answer.json).error, `${method} ${path}`).toBeUndefined();
    }
    return answer;
  };
  const create = async (more: object = {}, tenant = 'acme'): Promise<string> => {
    const body = {
      name: 'Test',
      variants: [{ name: 'Control' }, { name: 'Bold', content: { text: 'Go' } }],
      ...more,
    };
    const { statusCode, json } = await send('POST', '/api/v1/experiments', body, tenant);
    expect(statusCode, JSON.stringify(json)).toBe(200);
    return json.experiment_id;
  };
  const allocate = (id: string, user: string, context: unknown = {}, more: object = {}) =>
    send('POST', `/api/v1/experiments/${id}/allocate`, { user_identifier: user, context, ...more });
  const convert = (id: string, user: string, more: object = {}) =>
    send('POST', `/api/v1/experiments/${id}/convert`, { user_identifier: user, ...more });
  const segmentation = (method: string, id: string, path: string, body?: unknown, tenant = 'acme') =>
    send(method, `/api/v1/segmentation/${id}/${path}`, body, tenant);
  /** Seven days of that many distinct visitors a day. */
  const traffic = async (id: string, perDay: number) => {
    const days = Array.from(
      { length: 7 },
      (_, n) => [counter.lastSeen(dayOf(clock.now - n * DAY)), perDay] as const,
    );
    const ref = { tenant: 'acme', experiment_id: id };
    await api.ports.experiments.assign(
      ref,
      assignmentOf('traffic', { segment: 'default' }),
      Object.fromEntries(days),
    );
  };
  return { ...api, clock, answers, send, create, allocate, convert, segmentation, traffic };
}

/** Names that must stand in no answer, log line or event (S2-26), nor anything a counter is called. */
const SECRET =
  /^(alpha|beta|thompson_?score|score|algorithm_?state|propensity|chances?|posteriors?|successes|failures|weight_?squared|sums|increments|counters|[a-z]{1,4}:\d.*|d:\d{8})$/i;

/** Paths of secret names anywhere in a value. */
export function secretsIn(value: unknown, at = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(SECRET.test(name) ? [`${at}/${name}`] : []),
    ...secretsIn(inner, `${at}/${name}`),
  ]);
}
