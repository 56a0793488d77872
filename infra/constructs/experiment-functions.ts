import { Stack } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ENV, PREFIX } from '../../functions/contracts/env.ts';
import type { Config } from '../config.ts';
import type { DataStores } from '../data-stack.ts';
import { ServiceFunction } from './service-function.ts';

/** What the functions run on. */
export interface ExperimentFunctionsProps {
  readonly bundles: string;
  readonly stores: DataStores;
  readonly stateMachine: StateMachine;
  readonly config: Config;
}

/**
 * Three functions, each with the rights of its part: visitors and their owner's questions; finding clusters, which writes a
 * dataset and starts the workflow on it; and the look at all experiments that is taken every six hours.
 */
export class ExperimentFunctions extends Construct {
  readonly http: ServiceFunction;
  readonly training: ServiceFunction;
  readonly review: ServiceFunction;

  constructor(
    scope: Construct,
    id: string,
    { bundles, stores, stateMachine, config }: ExperimentFunctionsProps,
  ) {
    super(scope, id);
    const { bucket, runs, segments, configs, experiments } = stores;
    this.http = new ServiceFunction(scope, 'Experiments', {
      bundles,
      handler: 'experiments-http',
      size: config.experiments,
      description: 'Allocates visitors, counts conversions, and answers about experiments',
    })
      .useBucket(bucket, { read: [PREFIX.runs], list: true })
      .useTable(ENV.runsTable, runs, ['GetItem'])
      .useTable(ENV.segmentsTable, segments, ['Query'])
      .useTable(ENV.experimentsTable, experiments, ['GetItem', 'PutItem', 'UpdateItem', 'Query']);

    const withTraining = (name: string, handler: string, size: Config['training'], description: string) =>
      new ServiceFunction(scope, name, { bundles, handler, size, description })
        .useBucket(bucket, { read: [PREFIX.files], write: [PREFIX.files], list: true })
        .useTable(ENV.runsTable, runs, ['GetItem'])
        .useTable(ENV.configsTable, configs, ['PutItem', 'Query'])
        .useTable(ENV.experimentsTable, experiments, ['GetItem', 'PutItem', 'UpdateItem', 'Query'])
        .useWorkflow(stateMachine);
    this.training = withTraining(
      'Training',
      'training-http',
      config.training,
      'Finds clusters of the visitors of an experiment',
    );
    this.review = withTraining(
      'ReviewExperiments',
      'review-experiments',
      config.reviewExperiments,
      'Looks at all experiments: eligibility, activation, alerts, old clusters',
    ).useEvents(EventBus.fromEventBusName(this, 'Bus', 'default') as IEventBus);
    const { mailFrom } = config;
    if (mailFrom !== undefined) {
      const identity = Stack.of(this).formatArn({
        service: 'ses',
        resource: 'identity',
        resourceName: mailFrom,
      });
      this.review.useMail(mailFrom, identity);
    }
  }
}
