import type { DatasetConfigRecord } from '../contracts/dataset.ts';
import type { DatasetConfigStore } from '../ports.ts';

/** Configurations in memory: a list of versions per dataset. */
export function memoryConfigs(): DatasetConfigStore {
  const versions = new Map<string, DatasetConfigRecord[]>();
  const of = (tenant: string, dataset: string) => versions.get(`${tenant}/${dataset}`) ?? [];
  return {
    async newest(tenant, dataset) {
      return structuredClone(of(tenant, dataset).at(-1));
    },
    async version(tenant, dataset, version) {
      return structuredClone(of(tenant, dataset).find((record) => record.version === version));
    },
    async names(tenant) {
      const ofTenant = [...versions.values()].flatMap(([first]) => (first?.tenant === tenant ? [first] : []));
      return ofTenant.map(({ dataset }) => dataset).sort();
    },
    async append(record) {
      const { tenant, dataset, version } = record;
      const former = of(tenant, dataset);
      if (former.some((other) => other.version === version)) return false;
      versions.set(`${tenant}/${dataset}`, [...former, structuredClone(record)]);
      return true;
    },
    async schedules() {
      return [...versions.values()].flatMap((records) => {
        const { tenant, dataset, config } = records.at(-1)!;
        return config?.schedule ? [{ tenant, dataset, schedule: structuredClone(config.schedule) }] : [];
      });
    },
  };
}
