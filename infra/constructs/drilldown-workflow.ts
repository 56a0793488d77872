import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ENV, PREFIX } from '../../functions/contracts/env.ts';
import { type Config, DRILLDOWN_FUNCTIONS, type DrilldownFunction, handlerName } from '../config.ts';
import type { DataStores } from '../data-stack.ts';
import { drilldownStates } from './drilldown-states.ts';
import { MapWorkflow } from './map-workflow.ts';
import { type BucketAccess, ServiceFunction, type TableAction } from './service-function.ts';

/** What the workflow runs on. */
export interface DrilldownWorkflowProps {
  readonly bundles: string;
  readonly stores: DataStores;
  readonly config: Config;
}

interface Access {
  readonly description: string;
  readonly bucket?: BucketAccess;
  /** Actions on the runs table, which holds the records of drill-downs too. */
  readonly runs: readonly TableAction[];
  readonly segments?: readonly TableAction[];
}

const { uploads, drilldowns, runs } = PREFIX;

/** Who may touch what; each reports its progress as an item of the runs table. */
const ACCESS: Readonly<Record<DrilldownFunction, Access>> = {
  PlanDrilldown: {
    description: 'Reads an uploaded file and lays its customers down by parent',
    bucket: { read: [uploads], write: [drilldowns], list: true },
    runs: ['GetItem', 'PutItem'],
  },
  ExploreParent: {
    description: 'Splits the customers of some parents, or a published segment',
    bucket: { read: [drilldowns, runs], write: [drilldowns] },
    runs: ['PutItem'],
  },
  PublishDrilldown: {
    description: 'Puts the parts of the answer together',
    bucket: { read: [drilldowns], write: [drilldowns] },
    runs: ['GetItem', 'PutItem'],
    segments: ['PutItem', 'BatchWriteItem'],
  },
  MarkDrilldownFailed: {
    description: 'Records why a drill-down failed',
    runs: ['GetItem', 'PutItem', 'Query'],
  },
};

/** The functions and the state machine of the drill-down of uploaded files and published segments. */
export class DrilldownWorkflow extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { bundles, stores, config }: DrilldownWorkflowProps) {
    super(scope, id);
    const make = (name: DrilldownFunction): IFunction => {
      const { description, bucket, runs: onRuns, segments } = ACCESS[name];
      const made = new ServiceFunction(this, name, {
        bundles,
        handler: handlerName(name),
        size: config.drilldownWorkflow[name],
        description,
      }).useTable(ENV.runsTable, stores.runs, onRuns);
      if (segments) made.useTable(ENV.segmentsTable, stores.segments, segments);
      if (bucket) made.useBucket(stores.bucket, bucket);
      return made.lambda;
    };
    const functions = Object.fromEntries(DRILLDOWN_FUNCTIONS.map((name) => [name, make(name)])) as Record<
      DrilldownFunction,
      IFunction
    >;
    const { bucket } = stores;
    const workflow = new MapWorkflow(this, 'Workflow', {
      description: 'Execution role of the drill-down workflow',
      functions: Object.values(functions),
      bucket,
      config,
      itemLists: [`${drilldowns}*/plan/`],
      mapResults: `${drilldowns}*/map-results/`,
      states: (states) => drilldownStates(states, { functions, bucket, config }),
    });
    this.stateMachine = workflow.stateMachine;
  }
}
