import { describe, expect, it } from 'vitest';
import type { Ports } from '../functions/ports.ts';
import { openApi } from './routes/api-fixture.ts';
import { leadsCsv, madeUpLeads } from './support/leads-csv.ts';
import { runWorkflow } from './support/run-workflow.ts';

const QUESTIONS: readonly (readonly [path: string, query: Record<string, string>])[] = [
  ['/v1/segments', { dataset: 'leads', limit: '100' }],
  ['/v1/customers/lead-7/segment', { dataset: 'leads' }],
  ['/api/segmentation/list', { dataset: 'leads', limit: '6' }],
  ['/api/segmentation/outliers', { dataset: 'leads', limit: '1000', confidence_threshold: '1' }],
];

/** The same ports, whose stores tell after each call that it was made. */
function watched(ports: Ports, told: () => Promise<void>): Ports {
  const store = (target: object) =>
    new Proxy(target, {
      get(_, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const result: unknown = member.apply(target, args);
          if (!(result instanceof Promise)) return result;
          return result.then(async (value: unknown) => {
            await told();
            return value;
          });
        };
      },
    });
  const { objects, runs, segments, labels } = ports;
  return {
    ...ports,
    ...(Object.fromEntries(
      Object.entries({ objects, runs, segments, labels }).map(([name, one]) => [name, store(one)]),
    ) as Pick<Ports, 'objects' | 'runs' | 'segments' | 'labels'>),
  };
}

describe('a reader between any two steps to the stores that a run makes', () => {
  it('sees the former run until one moment and the new one from then on, by each of 1,000 reads', async () => {
    const { call, ports } = openApi();
    const ask = async () => {
      const answers = [];
      for (const [path, query] of QUESTIONS) answers.push((await call({ path, query })).body);
      return answers;
    };
    const publish = async (n: number, through: Ports) => {
      const key = `drop/acme/leads/leads-${n}.csv`;
      const text = leadsCsv(madeUpLeads(150 + 30 * n, { seed: n + 1, brazil: n % 2 }));
      await ports.objects.write(key, new TextEncoder().encode(text));
      const { error } = await runWorkflow(through, { trigger: 'drop', key }, { executionId: `e${n}` });
      if (error) throw error;
    };
    await publish(0, ports);
    let reads = 0;
    for (let n = 1; reads < 1000; n++) {
      const before = await ask();
      const seen: string[][] = [];
      const reading = watched(ports, async () => {
        seen.push(await ask());
        reads += QUESTIONS.length;
      });
      await publish(n, reading);
      const after = await ask();
      const turns = new Set<number>();
      QUESTIONS.forEach(([path], question) => {
        expect(before[question], path).not.toBe(after[question]);
        const isNew = seen.map((answers) => answers[question] !== before[question]);
        const turn = isNew.indexOf(true);
        expect(turn, path).toBeGreaterThan(0);
        turns.add(turn);
        for (const [i, answers] of seen.entries()) {
          expect(answers[question], `${path}, step ${i}`).toBe((i < turn ? before : after)[question]);
        }
      });
      expect(turns.size, 'all answers turn at once').toBe(1);
    }
  }, 60_000);
});
