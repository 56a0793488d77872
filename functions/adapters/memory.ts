import type { ApiKeyRecord, LabelRecord, LeftRecord, TokenIssuerRecord } from '../contracts/records.ts';
import type { DrilldownRef, Trigger } from '../contracts/workflow.ts';
import type { Mail, ServiceEvent } from '../experiment-ports.ts';
import type { Ports, WorkflowStarter } from '../ports.ts';
import { memoryChildSegments } from './memory-child-segments.ts';
import { memoryConfigs } from './memory-configs.ts';
import { memoryDocuments } from './memory-documents.ts';
import { memoryDrilldowns } from './memory-drilldowns.ts';
import { memoryExperiments } from './memory-experiments.ts';
import { memoryInsights } from './memory-insights.ts';
import { memoryObjects } from './memory-objects.ts';
import { memoryRuns } from './memory-runs.ts';
import { memorySegments } from './memory-segments.ts';
import { type MemoryUploads, memoryTransfers } from './memory-transfers.ts';
import { memoryWebhooks } from './memory-webhooks.ts';
import { executionExists } from './store-errors.ts';

/** A message that was sent to a webhook. */
export interface SentMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Ports on memory, with a look behind them for tests. */
export interface MemoryPorts extends Ports {
  readonly contents: {
    /** Objects by key. */
    readonly objects: Map<string, Uint8Array>;
    /** Multipart uploads under way; `sendPart` adds to them. */
    readonly uploads: MemoryUploads;
    /** Labels by `tenant/dataset/runId`, then by customer id, with the expiry they were written with. */
    readonly labels: Map<string, Map<string, (LabelRecord | LeftRecord) & { readonly expiresAt?: number }>>;
    /** Input of every execution started, by name. */
    readonly executions: Map<string, Trigger>;
    /** The same of drill-downs. */
    readonly drilldownExecutions: Map<string, DrilldownRef>;
    /** Ids of executions that have ended; every other one counts as running. */
    readonly ended: Set<string>;
    /** API keys; push a record to admit its key. */
    readonly apiKeys: ApiKeyRecord[];
    /** Token issuers; push a record to admit its tokens. */
    readonly issuers: TokenIssuerRecord[];
    /** Events published and e-mails sent, in their order. */
    readonly events: ServiceEvent[];
    readonly mails: Mail[];
    /** Messages sent to webhooks. */
    readonly sent: SentMessage[];
  };
}

/** Twin of `awsPorts` in memory: same contract, same conditions, same errors. `now` replaces the clock. */
export function memoryPorts({ now = () => new Date() }: { now?: () => Date } = {}): MemoryPorts {
  const objects = new Map<string, Uint8Array>();
  const uploads: MemoryUploads = new Map();
  const labels: MemoryPorts['contents']['labels'] = new Map();
  const executions = new Map<string, Trigger>();
  const drilldownExecutions = new Map<string, DrilldownRef>();
  const ended = new Set<string>();
  const apiKeys: ApiKeyRecord[] = [];
  const issuers: TokenIssuerRecord[] = [];
  const counts = new Map<string, number>();
  const events: ServiceEvent[] = [];
  const mails: Mail[] = [];
  const sent: SentMessage[] = [];

  return {
    contents: {
      objects,
      uploads,
      labels,
      executions,
      drilldownExecutions,
      ended,
      apiKeys,
      issuers,
      events,
      mails,
      sent,
    },
    objects: memoryObjects(objects),
    transfers: memoryTransfers(objects, uploads),
    runs: memoryRuns(),
    configs: memoryConfigs(),
    insights: memoryInsights(),
    webhooks: memoryWebhooks(),
    webhookSender: {
      refusal: (url) => (url.startsWith('https:') ? undefined : 'it is not https:'),
      async send(url, headers, body) {
        sent.push({ url, headers: { ...headers }, body });
        return { status: 200 };
      },
    },
    campaignDocuments: memoryDocuments(),
    experiments: memoryExperiments(),
    events: {
      async publish(published) {
        events.push(...structuredClone(published));
      },
    },
    namePhraser: {
      enabled: false,
      modelId: '',
      complete: async () => '',
    },
    mailer: {
      enabled: true,
      async send(mail) {
        mails.push({ ...mail });
      },
    },
    probes: { storage: async () => {}, workflow: async () => {} },
    clock: { now },
    segments: memorySegments(),
    labels: {
      async putLabels({ tenant, dataset, runId }, records, expiresAt) {
        const key = [tenant, dataset, runId].join('/');
        const ofRun = labels.get(key) ?? new Map();
        labels.set(key, ofRun);
        let count = 0;
        for (const record of records) {
          ofRun.set(record.customerId, {
            ...structuredClone(record),
            ...(expiresAt !== undefined && { expiresAt }),
          });
          count++;
        }
        return count;
      },
      async deleteLabels({ tenant, dataset, runId }, customerIds) {
        const ofRun = labels.get([tenant, dataset, runId].join('/'));
        for (const id of customerIds) ofRun?.delete(id);
      },
      async label(tenant, dataset, customerId, runIds) {
        for (const runId of runIds) {
          const stored = labels.get([tenant, dataset, runId].join('/'))?.get(customerId);
          if (stored === undefined) continue;
          const { expiresAt: _, ...label } = structuredClone(stored);
          return 'left' in label ? undefined : { runId, label };
        }
        return undefined;
      },
    },
    apiKeys: {
      async key(tenant, keyId) {
        return structuredClone(
          apiKeys.find((key) => key.tenant === tenant && key.keyId === keyId && !key.customerApiId),
        );
      },
      async customerApi(customerApiId) {
        return structuredClone(apiKeys.find((key) => key.customerApiId === customerApiId));
      },
      async issuer(tenant, issuerId) {
        return structuredClone(issuers.find((one) => one.tenant === tenant && one.issuerId === issuerId));
      },
    },
    rateCounters: {
      async count(tenant, keyId, { startMs }) {
        const key = JSON.stringify([tenant, keyId, startMs]);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return counts.get(key)!;
      },
    },
    workflow: memoryWorkflow(executions, ended),
    drilldowns: memoryDrilldowns(),
    childSegments: memoryChildSegments(),
    drilldownWorkflow: memoryWorkflow(drilldownExecutions, ended),
  };
}

function memoryWorkflow<Input>(executions: Map<string, Input>, ended: Set<string>): WorkflowStarter<Input> {
  return {
    async start(name, input) {
      const earlier = executions.get(name);
      if (earlier && JSON.stringify(earlier) !== JSON.stringify(input)) throw executionExists(name);
      executions.set(name, structuredClone(input));
      return `memory:${name}`;
    },
    async isRunning(executionId) {
      return !ended.has(executionId);
    },
  };
}
