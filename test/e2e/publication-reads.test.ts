import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SegmentsPage } from '../../functions/contracts/api.ts';
import { leadsCsv, madeUpLeads } from '../support/leads-csv.ts';
import { apiOf, type Stack, startStack } from '../support/stack.ts';

/** What is asked again and again: segments, the segment of a customer, segments of every algorithm, and the report. */
const QUESTIONS = {
  segments: '/v1/segments?dataset=leads&limit=100',
  customer: '/v1/customers/lead-7/segment?dataset=leads',
  clusters: '/api/segmentation/list?dataset=leads&limit=100',
} as const;
type Question = keyof typeof QUESTIONS | 'report';
/** The first, and two to read during; more follow until there are enough reads. */
const LEAST_PUBLICATIONS = 3;
const READS = 1000;

let stack: Stack;
let api: ReturnType<typeof apiOf>;
beforeAll(async () => {
  stack = await startStack();
  api = apiOf(stack, await stack.keyOf('acme'));
});
afterAll(() => stack?.remove());

const reportOf = (runId: string) => `/v1/runs/${runId}/segmentation`;

/** One answer as text; the report is that of the run which is served at that moment. */
async function ask(question: Question): Promise<string> {
  const path =
    question === 'report'
      ? reportOf((await api.get<SegmentsPage>(QUESTIONS.segments)).body.runId)
      : QUESTIONS[question];
  const { status, body } = await api.get(path);
  return JSON.stringify([status, body]);
}

/** Publishes other leads: each run differs from the last in sizes, averages and labels. */
async function publish(n: number): Promise<void> {
  const text = leadsCsv(madeUpLeads(150 + 30 * n, { seed: n + 1, brazil: n % 2 }));
  const execution = await stack.drop(`drop/acme/leads/leads-${n}.csv`, text);
  expect(execution.status, execution.cause).toBe('SUCCEEDED');
}

describe('readers while runs are published', () => {
  it(`get the old run or the new one by each of ${READS} reads during publications, and never a mixture`, async () => {
    const questions: Question[] = ['segments', 'customer', 'clusters', 'report'];
    const settled = new Map<Question, Set<string>>(questions.map((question) => [question, new Set()]));
    const settle = async () => {
      for (const question of questions) settled.get(question)!.add(await ask(question));
    };
    await publish(0);
    await settle();

    const seen = new Map<Question, Map<string, number>>(questions.map((question) => [question, new Map()]));
    let isPublishing = false;
    let isDone = false;
    let reads = 0;
    const reader = async (question: Question) => {
      while (!isDone) {
        const began = isPublishing;
        const answer = await ask(question);
        const answers = seen.get(question)!;
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        // Those count that were asked and answered while an execution was on its way.
        if (began && isPublishing) reads++;
      }
    };
    let publications = 1;
    const publisher = async () => {
      try {
        while (reads < READS || publications < LEAST_PUBLICATIONS) {
          isPublishing = true;
          await publish(publications);
          isPublishing = false;
          await settle();
          publications++;
        }
      } finally {
        isDone = true;
      }
    };
    await Promise.all([publisher(), ...questions.map(reader)]);

    expect(reads).toBeGreaterThanOrEqual(READS);
    for (const question of questions) {
      const whole = settled.get(question)!;
      expect(whole.size, `${question} differs by run`).toBe(publications);
      for (const [answer, count] of seen.get(question)!) {
        expect(whole.has(answer), `${question}, ${count} times: ${answer.slice(0, 300)}`).toBe(true);
      }
      expect(seen.get(question)!.size, `${question} is read before and after a publication`).toBeGreaterThan(
        1,
      );
    }
  }, 300_000);
});
