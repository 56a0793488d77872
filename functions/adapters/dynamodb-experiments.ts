import { KEY } from '../contracts/env.ts';
import type {
  AssignmentRecord,
  ExperimentRecord,
  Increments,
  RecommendationRecord,
} from '../contracts/experiment.ts';
import type { ExperimentRef, ExperimentStore } from '../experiment-ports.ts';
import { addCounters } from '../stats/add-counters.ts';
import { type Item, recordOf, type Table } from './dynamodb-table.ts';
import type { TransactedWrite } from './dynamodb-transaction.ts';

const tenantPk = (tenant: string) => `T#${tenant}`;
const nameSk = (id: string) => `E#${id}`;
/** One partition names the experiments of all tenants: some kilobytes that are read every six hours. */
const EVERYTHING = 'EXPERIMENTS';
/** One partition holds an experiment's definition, counters and recommendations: one query returns them. */
const statePk = ({ tenant, experiment_id }: ExperimentRef) => `T#${tenant}#E#${experiment_id}`;
const DEFINITION = 'DEF';
const COUNTERS = 'N#';
const RECOMMENDATIONS = 'R#';

/** Counters of a segment lie in this many items: one item takes some hundred transactions a second. */
const COUNTER_SHARDS = 8;
/** Assignments lie in this many partitions, so that they can be listed as well as found. */
const ASSIGNMENT_SHARDS = 32;
// The name of a visitor is a hash in hex: its digits are evenly spread.
const counterSk = (segment: string, user: string) =>
  `${COUNTERS}${Number.parseInt(user.slice(0, 2), 16) % COUNTER_SHARDS}#${segment}`;
const assignmentPk = (ref: ExperimentRef, shard: number) =>
  `${statePk(ref)}#A#${String(shard).padStart(2, '0')}`;
const shardOf = (user: string) => Number.parseInt(user.slice(2, 4), 16) % ASSIGNMENT_SHARDS;
/** Beside the record's own fields: when each goal was reached, `goal0` and so on. */
const goalField = (goal: number) => `goal${goal}`;

/** Experiments in one table, each count in one transaction with what it counts. */
export function dynamodbExperiments(table: Table): ExperimentStore {
  const counted = (
    ref: ExperimentRef,
    { segment, user }: Pick<AssignmentRecord, 'segment' | 'user'>,
    add: Increments,
  ): TransactedWrite => ({
    pk: statePk(ref),
    sk: counterSk(segment, user),
    set: { segment },
    add,
  });
  return {
    async create(experiment) {
      const { tenant, experiment_id } = experiment;
      // Names before the definition: a name without one is passed over, an experiment without a name would be lost.
      await table.put({ pk: tenantPk(tenant), sk: nameSk(experiment_id), experiment_id });
      await table.put({ pk: EVERYTHING, sk: statePk(experiment), tenant, experiment_id });
      return table.put(
        { ...experiment, pk: statePk(experiment), sk: DEFINITION },
        { expression: `attribute_not_exists(${KEY.partition})` },
      );
    },
    update(experiment) {
      return table.put(
        { ...experiment, pk: statePk(experiment), sk: DEFINITION },
        { expression: 'revision = :before', values: { ':before': experiment.revision - 1 } },
      );
    },
    async get(ref) {
      const item = await table.get(statePk(ref), DEFINITION);
      return item && recordOf<ExperimentRecord>(item);
    },
    async state(ref) {
      const items = await table.withPrefix(statePk(ref), '');
      const definition = items.find(({ sk }) => sk === DEFINITION);
      if (!definition) return undefined;
      return {
        experiment: recordOf<ExperimentRecord>(definition),
        segments: segmentsOf(items.filter(({ sk }) => sk.startsWith(COUNTERS))),
        recommendations: items
          .filter(({ sk }) => sk.startsWith(RECOMMENDATIONS))
          .map((item) => recordOf<RecommendationRecord>(item)),
      };
    },
    async ids(tenant) {
      const items = await table.withPrefix(tenantPk(tenant), nameSk(''));
      return items.map((item) => recordOf<ExperimentRef>(item).experiment_id);
    },
    async all() {
      return (await table.withPrefix(EVERYTHING, 'T#')).map((item) => recordOf<ExperimentRef>(item));
    },
    async assignment(ref, user) {
      const item = await table.get(assignmentPk(ref, shardOf(user)), user);
      return item && assignmentOf(item);
    },
    async assignments(ref, limit) {
      const found: AssignmentRecord[] = [];
      for (let shard = 0; shard < ASSIGNMENT_SHARDS && found.length < limit; shard++) {
        const items = await table.query(
          {
            KeyConditionExpression: `${KEY.partition} = :pk`,
            ExpressionAttributeValues: { ':pk': assignmentPk(ref, shard) },
          },
          limit - found.length,
        );
        found.push(...items.map(assignmentOf));
      }
      return found;
    },
    assign(ref, assignment, increments) {
      const pk = assignmentPk(ref, shardOf(assignment.user));
      return table.transact([
        {
          put: { ...assignment, pk, sk: assignment.user },
          condition: { expression: `attribute_not_exists(${KEY.partition})` },
        },
        counted(ref, assignment, increments),
      ]);
    },
    convert(ref, assignment, goal, convertedAt, increments) {
      const { user } = assignment;
      return table.transact([
        {
          pk: assignmentPk(ref, shardOf(user)),
          sk: user,
          set: { [goalField(goal)]: convertedAt },
          condition: {
            expression: `attribute_exists(${KEY.partition}) AND attribute_not_exists(${goalField(goal)})`,
          },
        },
        counted(ref, assignment, increments),
      ]);
    },
    seen(ref, assignment, day, increments) {
      const { user, seen_day } = assignment;
      return table.transact([
        {
          pk: assignmentPk(ref, shardOf(user)),
          sk: user,
          set: { seen_day: day },
          condition: { expression: 'seen_day = :before', values: { ':before': seen_day } },
        },
        counted(ref, assignment, increments),
      ]);
    },
    async putRecommendation(ref, recommendation) {
      await table.put({ ...recommendation, pk: statePk(ref), sk: `${RECOMMENDATIONS}${recommendation.id}` });
    },
    async dropCounters(ref, names) {
      if (names.length === 0) return;
      for (const { pk, sk, ...sums } of await table.withPrefix(statePk(ref), COUNTERS)) {
        const present = names.filter((name) => Object.hasOwn(sums, name));
        if (present.length > 0) await table.remove(pk, sk, present);
      }
    },
  };
}

/** Adds up the items that the counters of one segment lie in. */
function segmentsOf(items: readonly Item[]) {
  const parts = items.map((item) => recordOf<{ segment: string }>(item));
  const bySegment = Map.groupBy(parts, ({ segment }) => segment);
  return [...bySegment]
    .map(([segment, shards]) => ({
      segment,
      sums: addCounters(shards.map(({ segment: _, ...sums }) => sums as Record<string, number>)),
    }))
    .sort((a, b) => (a.segment < b.segment ? -1 : 1));
}

function assignmentOf(item: Item): AssignmentRecord {
  const goals = Object.keys(item).filter((field) => /^goal\d$/.test(field));
  return recordOf<AssignmentRecord>(item, goals);
}
