import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ENV, PREFIX, RUNS_BY_START } from '../../functions/contracts/env.ts';
import { type Config, handlerName, WORKFLOW_FUNCTIONS, type WorkflowFunction } from '../config.ts';
import type { DataStores } from '../data-stack.ts';
import { type BucketAccess, ServiceFunction, type TableAction } from './service-function.ts';

/** What the functions run on. */
export interface WorkflowFunctionsProps {
  readonly bundles: string;
  readonly stores: DataStores;
  readonly config: Config;
}

interface Access {
  readonly description: string;
  readonly bucket: BucketAccess;
  /** Actions on the runs table. */
  readonly runs: readonly TableAction[];
  /** Whether it also looks runs up by their start. */
  readonly runsByStart?: boolean;
  readonly segments?: readonly TableAction[];
  readonly labels?: readonly TableAction[];
  /** Whether it tells the event bus. */
  readonly events?: boolean;
  /** Actions on the configurations of datasets. */
  readonly configs?: readonly TableAction[];
}

const { drop, files, runs, exports } = PREFIX;
/** Each step reports its progress, as an item that its retry overwrites. */
const PROGRESS: readonly TableAction[] = ['PutItem'];
const WITHIN_RUN: BucketAccess = { read: [runs], write: [runs] };
/** Whoever may list is told that an object is missing, where others are refused. */
const WITHIN_RUN_OR_MISSING: BucketAccess = { ...WITHIN_RUN, list: true };

/** Who may touch what. A step that is given a store here gets its name and these rights, and no others. */
const ACCESS: Readonly<Record<WorkflowFunction, Access>> = {
  PlanRun: {
    description: 'Identifies, claims and plans a run',
    bucket: { read: [drop, files, runs], write: [runs], list: true },
    runs: ['GetItem', 'UpdateItem', ...PROGRESS],
    configs: ['Query'],
  },
  BuildFeatures: {
    description: 'Aggregates the rows of one shard',
    bucket: { read: [drop, files, runs], write: [runs] },
    runs: PROGRESS,
  },
  MergeEntities: {
    description: 'Merges the partial aggregates of one bucket of entities',
    bucket: WITHIN_RUN,
    runs: PROGRESS,
  },
  PrepareFit: {
    description: 'Fits the feature recipe and lists the candidates',
    bucket: WITHIN_RUN,
    runs: ['GetItem', 'UpdateItem', ...PROGRESS],
  },
  WriteFeatures: {
    description: 'Writes the scaled features of one bucket',
    bucket: WITHIN_RUN,
    runs: PROGRESS,
  },
  FitCandidate: {
    description: 'Fits and scores one candidate clustering',
    bucket: WITHIN_RUN,
    runs: PROGRESS,
  },
  SelectModel: {
    description: 'Chooses the best candidate',
    bucket: WITHIN_RUN_OR_MISSING,
    runs: ['GetItem', ...PROGRESS],
  },
  AssignSegments: {
    description: 'Labels the entities of one bucket',
    bucket: WITHIN_RUN,
    runs: PROGRESS,
  },
  MatchSegments: {
    description: 'Finds the segments of the served run again',
    bucket: WITHIN_RUN_OR_MISSING,
    runs: ['UpdateItem', ...PROGRESS],
  },
  WriteLabels: {
    description: 'Writes the labels of one bucket that changed',
    bucket: WITHIN_RUN,
    runs: PROGRESS,
    labels: ['BatchWriteItem'],
  },
  PublishRun: {
    description: 'Writes the artefacts and points the dataset at the run',
    bucket: WITHIN_RUN,
    runs: ['GetItem', 'UpdateItem', ...PROGRESS],
    segments: ['BatchWriteItem'],
    events: true,
  },
  ExpireRuns: {
    description: 'Deletes the runs that a dataset no longer keeps',
    bucket: { read: [runs], delete: [runs, exports], list: true },
    runs: ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'BatchWriteItem'],
    segments: ['Query', 'BatchWriteItem'],
    labels: ['BatchWriteItem'],
    configs: ['Query'],
  },
  MarkFailed: {
    description: 'Records why a run failed',
    bucket: { read: [drop, files, runs], list: true },
    runs: ['GetItem', 'Query', 'UpdateItem'],
    runsByStart: true,
    configs: ['Query'],
  },
};

/** The functions of the workflow, each with the stores and rights that its step needs. */
export function workflowFunctions(
  scope: Construct,
  { bundles, stores, config }: WorkflowFunctionsProps,
): Readonly<Record<WorkflowFunction, IFunction>> {
  const bus = EventBus.fromEventBusName(scope, 'Bus', 'default') as IEventBus;
  const make = (name: WorkflowFunction): IFunction => {
    const access = ACCESS[name];
    const made = new ServiceFunction(scope, name, {
      bundles,
      handler: handlerName(name),
      size: config.workflow[name],
      description: access.description,
    });
    // It looks for the names that an attempt before it was given.
    const looks = name === 'PublishRun' && config.nameModel !== undefined;
    made.useBucket(stores.bucket, looks ? WITHIN_RUN_OR_MISSING : access.bucket);
    made.useTable(
      ENV.runsTable,
      stores.runs,
      access.runs,
      access.runsByStart ? RUNS_BY_START.name : undefined,
    );
    if (access.segments) made.useTable(ENV.segmentsTable, stores.segments, access.segments);
    if (access.labels) made.useTable(ENV.labelsTable, stores.labels, access.labels);
    if (access.events) made.useEvents(bus);
    if (access.configs) made.useTable(ENV.configsTable, stores.configs, access.configs);
    if (name === 'PublishRun' && config.nameModel !== undefined) made.useModel(config.nameModel);
    if (name === 'ExpireRuns') made.useSetting(ENV.keepRuns, String(config.keepRuns));
    return made.lambda;
  };
  return Object.fromEntries(WORKFLOW_FUNCTIONS.map((name) => [name, make(name)])) as Record<
    WorkflowFunction,
    IFunction
  >;
}
