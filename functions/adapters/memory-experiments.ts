import type {
  AssignmentRecord,
  ExperimentRecord,
  Increments,
  RecommendationRecord,
} from '../contracts/experiment.ts';
import type { ExperimentRef, ExperimentStore } from '../experiment-ports.ts';

interface Kept {
  experiment: ExperimentRecord;
  readonly segments: Map<string, Map<string, number>>;
  readonly assignments: Map<string, AssignmentRecord>;
  readonly conversions: Set<string>;
  readonly recommendations: Map<string, RecommendationRecord>;
}

/** Experiments in memory: same contract as the table, where every method runs to its end before the next begins. */
export function memoryExperiments(): ExperimentStore {
  const experiments = new Map<string, Kept>();
  const keyOf = ({ tenant, experiment_id }: ExperimentRef) => `${tenant}/${experiment_id}`;
  const of = (ref: ExperimentRef) => experiments.get(keyOf(ref));
  const add = (kept: Kept, segment: string, increments: Increments) => {
    const sums = kept.segments.get(segment) ?? new Map<string, number>();
    kept.segments.set(segment, sums);
    for (const [name, by] of Object.entries(increments)) sums.set(name, (sums.get(name) ?? 0) + by);
  };
  const byKey = <T>(map: ReadonlyMap<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    async create(experiment) {
      if (of(experiment)) return false;
      experiments.set(keyOf(experiment), {
        experiment: structuredClone(experiment),
        segments: new Map(),
        assignments: new Map(),
        conversions: new Set(),
        recommendations: new Map(),
      });
      return true;
    },
    async update(experiment) {
      const kept = of(experiment);
      if (kept?.experiment.revision !== experiment.revision - 1) return false;
      kept.experiment = structuredClone(experiment);
      return true;
    },
    async get(ref) {
      return structuredClone(of(ref)?.experiment);
    },
    async state(ref) {
      const kept = of(ref);
      if (!kept) return undefined;
      return structuredClone({
        experiment: kept.experiment,
        segments: byKey(kept.segments).map(([segment, sums]) => ({
          segment,
          sums: Object.fromEntries(sums),
        })),
        recommendations: byKey(kept.recommendations).map(([, recommendation]) => recommendation),
      });
    },
    async ids(tenant) {
      const ofTenant = [...experiments.values()].filter(({ experiment }) => experiment.tenant === tenant);
      return ofTenant.map(({ experiment }) => experiment.experiment_id).sort();
    },
    async all() {
      return [...experiments.values()].map(({ experiment: { tenant, experiment_id } }) => ({
        tenant,
        experiment_id,
      }));
    },
    async assignment(ref, user) {
      return structuredClone(of(ref)?.assignments.get(user));
    },
    async assignments(ref, limit) {
      const found = byKey(of(ref)?.assignments ?? new Map<string, AssignmentRecord>());
      return structuredClone(found.slice(0, limit).map(([, assignment]) => assignment));
    },
    async assign(ref, assignment, increments) {
      const kept = of(ref);
      if (!kept || kept.assignments.has(assignment.user)) return false;
      kept.assignments.set(assignment.user, structuredClone(assignment));
      add(kept, assignment.segment, increments);
      return true;
    },
    async convert(ref, { user, segment }, goal, _convertedAt, increments) {
      const kept = of(ref);
      const name = `${user}/${goal}`;
      if (!kept?.assignments.has(user) || kept.conversions.has(name)) return false;
      kept.conversions.add(name);
      add(kept, segment, increments);
      return true;
    },
    async seen(ref, { user, segment, seen_day }, day, increments) {
      const kept = of(ref);
      const assignment = kept?.assignments.get(user);
      if (!kept || assignment?.seen_day !== seen_day) return false;
      kept.assignments.set(user, { ...assignment, seen_day: day });
      add(kept, segment, increments);
      return true;
    },
    async putRecommendation(ref, recommendation) {
      of(ref)?.recommendations.set(recommendation.id, structuredClone(recommendation));
    },
    async dropCounters(ref, names) {
      for (const sums of of(ref)?.segments.values() ?? []) for (const name of names) sums.delete(name);
    },
  };
}
