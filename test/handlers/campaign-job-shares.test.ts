import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryPorts, memoryPorts } from '../../functions/adapters/memory.ts';
import { JOB_WORK } from '../../functions/campaign-job-work.ts';
import type { AccountRef } from '../../functions/contracts/campaign-entities.ts';
import { CAMPAIGN_JOBS } from '../../functions/contracts/campaign-jobs.ts';
import { HEARTBEATS, type JobHeartbeat, NO_TENANT } from '../../functions/contracts/health.ts';
import { InsufficientDataError } from '../../functions/errors.ts';
import { handler } from '../../functions/handlers/campaign-jobs.ts';
import { createLogger } from '../../functions/observability.ts';
import { insightOf } from '../adapters/campaign-store-contract.ts';
import { dayOf } from '../campaigns/insight-fixture.ts';

const MINUTE_MS = 60_000;
const AT = Date.parse('2026-03-02T09:00:00.000Z');
const N_ACCOUNTS = 1100;
/** Periods of an account that are looked back on: each job's newest, and the further ones that are caught up. */
const DUE = CAMPAIGN_JOBS.reduce((sum, { catchUp }) => sum + catchUp, 0);

describe('the jobs of a thousand accounts', () => {
  const work = { ...JOB_WORK };
  let ports: MemoryPorts;
  let now: number;
  /** Accounts and due times that were worked on, by job. */
  let done: string[];
  /** What one account takes. */
  let costMs: number;
  const invoke = (event: unknown) => {
    const log = createLogger({ write: () => {} });
    return handler.with({ ports: () => ports, log })(event);
  };
  const tick = async () => {
    ports.contents.events.length = 0;
    const told = await invoke({ scheduledAt: new Date(now).toISOString() });
    return { told, shares: ports.contents.events.filter((event) => event.type === 'Campaign Jobs Due') };
  };

  beforeEach(async () => {
    now = AT;
    done = [];
    costMs = 100;
    ports = memoryPorts({ now: () => new Date(now) });
    for (let configId = 1; configId <= N_ACCOUNTS; configId++) {
      const account: AccountRef = { tenant: `t${configId % 7}`, configId };
      await ports.insights.put(account, [insightOf('c1', '2026-03-01', dayOf(0))]);
    }
    for (const { name } of CAMPAIGN_JOBS) {
      JOB_WORK[name] = async ({ account, at }) => {
        now += costMs;
        done.push(`${name} ${at.toISOString()} ${account.tenant}/${account.configId}`);
        return { made: 1 };
      };
    }
  });
  afterEach(() => void Object.assign(JOB_WORK, work));

  it('are handed out in shares, and every period of every account is done once however often a share comes', async () => {
    const { told, shares } = await tick();
    expect(told).toEqual({ nAccounts: 0, nCompleted: 0, nFailed: 0, nShares: 44 });
    expect(shares).toHaveLength(44);
    expect(done).toEqual([]);
    let nAccounts = 0;
    for (const { detail } of shares) {
      // Each worker has a clock of its own.
      now = AT;
      nAccounts += ((await invoke({ detail })) as { nAccounts: number }).nAccounts;
    }
    expect(nAccounts).toBe(N_ACCOUNTS);
    expect(done).toHaveLength(N_ACCOUNTS * DUE);
    expect(new Set(done).size).toBe(done.length);
    now = AT;
    expect(await invoke({ detail: shares[3]!.detail })).toMatchObject({ nCompleted: 0, nFailed: 0 });
    expect(done).toHaveLength(N_ACCOUNTS * DUE);
  }, 60_000);

  it('stop in time where a share takes longer than an invocation may, and the next ticks go on with the rest', async () => {
    costMs = 20_000;
    const { shares } = await tick();
    const { detail } = shares[0]!;
    await invoke({ detail });
    const first = done.length;
    // Ten minutes of fifteen: what is begun last still has five.
    expect(now - AT).toBeLessThanOrEqual(10 * MINUTE_MS + costMs);
    expect(first).toBe(30);
    for (let n = 0; n < 20; n++) {
      now = AT + 10 * MINUTE_MS * (n + 1);
      await invoke({ detail });
    }
    expect(done.length % DUE).toBe(0);
    expect(done.length).toBeGreaterThan(first);
    expect(new Set(done).size).toBe(done.length);
  }, 60_000);

  it('tell of a failure in any share, until a later tick has made up for it', async () => {
    const { name } = CAMPAIGN_JOBS[0]!;
    const beat = async () =>
      (await ports.campaignDocuments.get<JobHeartbeat>(NO_TENANT, HEARTBEATS, name))?.value.status;
    const { shares } = await tick();
    const works = JOB_WORK[name];
    JOB_WORK[name] = async () => Promise.reject(new InsufficientDataError('Too few days.'));
    await invoke({ detail: shares[0]!.detail });
    expect(await beat()).toBe('FAILED');
    JOB_WORK[name] = works;
    await invoke({ detail: shares[1]!.detail });
    expect(await beat()).toBe('FAILED');
    now += 60 * MINUTE_MS;
    const later = await tick();
    await invoke({ detail: later.shares[0]!.detail });
    expect(await beat()).toBe('COMPLETED');
    await invoke({ detail: shares[2]!.detail });
    expect((await ports.campaignDocuments.get<JobHeartbeat>(NO_TENANT, HEARTBEATS, name))?.value.tick).toBe(
      later.shares[0]!.detail.scheduledAt,
    );
  }, 60_000);

  it('fails for a share that is none', async () => {
    const detail = { scheduledAt: new Date(AT).toISOString(), share: 0, shares: 0 };
    await expect(invoke({ detail })).rejects.toThrow('The input of CampaignJobs is not valid');
  });
});
