import { datasetConfigSchema } from '../../functions/contracts/dataset.ts';
import { runRequestSchema } from '../../functions/contracts/workflow.ts';
import { plantedLeads } from '../segmentation/planted-leads.ts';
import { leadsCsv } from '../support/leads-csv.ts';
import { runWorkflow } from '../support/run-workflow.ts';
import { openApi } from './api-fixture.ts';

/** Two leads far from all others: one acts like a bot. */
const strays = [
  {
    behavior_score: 99.5,
    engagement_score: 2,
    intention_level: 99,
    state: 'AC',
    utm_source: 'unknown_source',
  },
  { behavior_score: 1, engagement_score: 99, intention_level: 1, state: 'AP', utm_source: 'other' },
];

/** 240 planted leads of three kinds and two strays, as rows of a file. */
function leadRows(): Record<string, string>[] {
  const planted = plantedLeads(240);
  const added = strays.map((stray, i) => ({ ...planted[i]!, ...stray, lead_id: `stray-${i}` }));
  return [...planted, ...added].map((lead) =>
    Object.fromEntries(Object.entries(lead).map(([name, value]) => [name, String(value)])),
  );
}

/** The file of dataset `leads` of tenant `acme`. */
export const LEADS_FILE = 'files/acme/leads/leads.csv';

/** The API of a tenant whose dataset `leads` was segmented by all three algorithms; `again` runs it anew with another number of clusters. */
export async function segmentedLeads() {
  const api = openApi();
  await api.ports.objects.write(LEADS_FILE, new TextEncoder().encode(leadsCsv(leadRows())));
  await api.ports.configs.append({
    tenant: 'acme',
    dataset: 'leads',
    version: 1,
    config: datasetConfigSchema.parse({ kind: 'leads', locale: 'pt-BR', personal: { columns: ['email'] } }),
    savedAt: '2026-01-01T00:00:00.000Z',
  });
  const again = async (nClusters: number): Promise<string> => {
    const request = runRequestSchema.parse({ files: [LEADS_FILE], nClusters, shards: 3 });
    const trigger = { trigger: 'api' as const, tenant: 'acme', dataset: 'leads', request };
    const { plan, error } = await runWorkflow(api.ports, trigger, { executionId: `k${nClusters}` });
    if (error) throw error;
    return plan!.run!.runId;
  };
  return { ...api, again, runId: await again(3) };
}
