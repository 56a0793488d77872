import { CfnOutput, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { EventBus, type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CAMPAIGNS_BY_LABEL, ENV, EVENT_SOURCES, PREFIX, RUNS_BY_START } from '../functions/contracts/env.ts';
import type { Config } from './config.ts';
import { Alarms } from './constructs/alarms.ts';
import { CriticalAnomalies } from './constructs/critical-anomalies.ts';
import { DrilldownWorkflow } from './constructs/drilldown-workflow.ts';
import { ExperimentFunctions } from './constructs/experiment-functions.ts';
import { HttpApi } from './constructs/http-api.ts';
import { RunTriggers } from './constructs/run-triggers.ts';
import { Schedules } from './constructs/schedules.ts';
import { SegmentationWorkflow } from './constructs/segmentation-workflow.ts';
import { ServiceFunction } from './constructs/service-function.ts';
import { TrainingRequests } from './constructs/training-requests.ts';
import { Webhooks } from './constructs/webhooks.ts';
import { workflowFunctions } from './constructs/workflow-functions.ts';
import type { DataStores } from './data-stack.ts';

/** What the service runs on. */
export interface ServiceStackProps extends StackProps {
  readonly config: Config;
  readonly stores: DataStores;
  /** Folder that holds one folder per bundle. */
  readonly bundles: string;
}

/** Everything that computes: workflow, API and triggers. It holds no data and may be deleted and deployed anew. */
export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, { config, stores, bundles, ...props }: ServiceStackProps) {
    super(scope, id, props);
    const functions = workflowFunctions(new Construct(this, 'Steps'), { bundles, stores, config });
    const { stateMachine } = new SegmentationWorkflow(this, 'Segmentation', {
      functions,
      bucket: stores.bucket,
      config,
    });

    const handler = new ServiceFunction(this, 'Http', {
      bundles,
      handler: 'http',
      size: config.http,
      description: 'Answers the HTTP API',
    })
      .useBucket(stores.bucket, { read: [PREFIX.drop, PREFIX.files, PREFIX.runs], list: true })
      .useTable(ENV.runsTable, stores.runs, ['GetItem', 'Query'], RUNS_BY_START.name)
      .useTable(ENV.segmentsTable, stores.segments, ['Query'])
      .useTable(ENV.labelsTable, stores.labels, ['Query'])
      .useTable(ENV.configsTable, stores.configs, ['Query'])
      .useWorkflow(stateMachine);
    const openapi = new ServiceFunction(this, 'OpenApi', {
      bundles,
      handler: 'openapi-http',
      size: config.openapi,
      description: 'Describes the HTTP API',
    });
    const health = new ServiceFunction(this, 'Health', {
      bundles,
      handler: 'health-http',
      size: config.health,
      description: 'Tells the state of what the service rests on',
    })
      .useTable(ENV.campaignsTable, stores.campaigns, ['Query'])
      .listBelow(stores.bucket, PREFIX.health)
      .watchWorkflow(stateMachine)
      .useSetting(ENV.appVersion, config.version)
      .useSetting(ENV.campaignTimeZone, config.campaignApi.timeZone);
    const authorizer = new ServiceFunction(this, 'Authorizer', {
      bundles,
      handler: 'authorizer',
      size: config.authorizer,
      description: 'Checks API keys',
    }).useTable(ENV.apiKeysTable, stores.apiKeys, ['GetItem']);
    const drilldowns = new DrilldownWorkflow(this, 'Drilldowns', { bundles, stores, config });
    // It computes on what it is sent, and of what was uploaded it knows that it is there.
    const drilldown = new ServiceFunction(this, 'Drilldown', {
      bundles,
      handler: 'drilldown-http',
      size: config.drilldown,
      description: 'Answers the drill-down on the customers of a request, and starts that of an upload',
    })
      .useBucket(stores.bucket, { read: [PREFIX.uploads, PREFIX.drilldowns, PREFIX.runs], list: true })
      .useTable(ENV.runsTable, stores.runs, ['GetItem', 'PutItem', 'Query'])
      .useTable(ENV.segmentsTable, stores.segments, ['GetItem', 'Query'])
      .useWorkflow(drilldowns.stateMachine, ENV.drilldownMachineArn);
    const datasets = new ServiceFunction(this, 'Datasets', {
      bundles,
      handler: 'datasets-http',
      size: config.datasets,
      description: 'Answers the routes about the configuration of datasets',
    })
      .useBucket(stores.bucket, { read: [PREFIX.drop, PREFIX.files, PREFIX.runs], list: true })
      .useTable(ENV.runsTable, stores.runs, ['GetItem', 'UpdateItem', 'Query'])
      .useTable(ENV.configsTable, stores.configs, ['GetItem', 'PutItem', 'Query']);
    const experiments = new ExperimentFunctions(this, 'ExperimentFunctions', {
      bundles,
      stores,
      stateMachine,
      config,
    });
    // It computes on what it is sent; runs and models are read to try a segmentation out, and a run is started on request.
    const segmentation = new ServiceFunction(this, 'SegmentationHttp', {
      bundles,
      handler: 'segmentation-http',
      size: config.segmentation,
      description: 'Answers the segmentation: what runs found, and leads while the caller waits',
    })
      .useBucket(stores.bucket, {
        read: [PREFIX.drop, PREFIX.files, PREFIX.runs, PREFIX.exports],
        write: [PREFIX.exports],
        list: true,
      })
      .useTable(ENV.runsTable, stores.runs, ['GetItem', 'Query'])
      .useTable(ENV.segmentsTable, stores.segments, ['Query', 'UpdateItem'])
      .useTable(ENV.configsTable, stores.configs, ['Query'])
      .useWorkflow(stateMachine);
    const files = new ServiceFunction(this, 'Files', {
      bundles,
      handler: 'files-http',
      size: config.files,
      description: 'Lets callers move files to and from the bucket',
    })
      .useBucket(stores.bucket, {
        read: [PREFIX.uploads, PREFIX.drilldowns, PREFIX.runs, PREFIX.exports],
        write: [PREFIX.uploads, PREFIX.exports],
        list: true,
        parts: true,
      })
      .useTable(ENV.runsTable, stores.runs, ['GetItem', 'Query']);
    const bus = EventBus.fromEventBusName(this, 'Bus', 'default') as IEventBus;
    const campaigns = new ServiceFunction(this, 'Campaigns', {
      bundles,
      handler: 'campaigns-http',
      size: config.campaigns,
      description: 'Answers the routes about advertising campaigns',
    })
      .useTable(
        ENV.campaignsTable,
        stores.campaigns,
        ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'BatchWriteItem'],
        CAMPAIGNS_BY_LABEL.name,
      )
      .useBucket(stores.bucket, { read: [PREFIX.models], write: [PREFIX.models] })
      .useEvents(bus)
      .useSetting(ENV.campaignTimeZone, config.campaignApi.timeZone)
      .useSetting(ENV.requestsPerMinute, String(config.campaignApi.requestsPerMinute));
    const undelivered = new Queue(this, 'UndeliveredTriggers', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    Validations.of(undelivered).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue itself.',
    });
    const webhooks = new Webhooks(this, 'Webhooks', { bundles, stores, config, undelivered });
    const http = new HttpApi(this, 'HttpApi', {
      handler: handler.lambda,
      services: {
        openapi: openapi.lambda,
        health: health.lambda,
        drilldown: drilldown.lambda,
        datasets: datasets.lambda,
        segmentation: segmentation.lambda,
        files: files.lambda,
        campaigns: campaigns.lambda,
        experiments: experiments.http.lambda,
        training: experiments.training.lambda,
        webhooks: webhooks.http,
      },
      authorizer: authorizer.lambda,
      config,
    });

    new RunTriggers(this, 'Triggers', { bucket: stores.bucket, stateMachine, undelivered });
    const runSchedules = new ServiceFunction(this, 'RunSchedules', {
      bundles,
      handler: 'run-schedules',
      size: config.runSchedules,
      description: 'Starts the runs that the configurations of datasets have due',
    })
      .useTable(ENV.configsTable, stores.configs, ['Query'])
      .useWorkflow(stateMachine);
    const campaignJobs = new ServiceFunction(this, 'CampaignJobs', {
      bundles,
      handler: 'campaign-jobs',
      size: config.campaignJobs,
      description: 'Runs the jobs about advertising campaigns',
    })
      .useTable(
        ENV.campaignsTable,
        stores.campaigns,
        ['GetItem', 'PutItem', 'Query', 'BatchWriteItem'],
        CAMPAIGNS_BY_LABEL.name,
      )
      .useBucket(stores.bucket, { read: [PREFIX.models], write: [PREFIX.models] })
      .useEvents(bus)
      .useSetting(ENV.campaignTimeZone, config.campaignApi.timeZone);
    new Rule(this, 'OnCampaignJobs', {
      description: 'Each share of many accounts has a worker of its own',
      eventPattern: { source: [EVENT_SOURCES.campaigns], detailType: ['Campaign Jobs Due'] },
      targets: [new LambdaFunction(campaignJobs.lambda, { deadLetterQueue: undelivered, retryAttempts: 24 })],
    });
    new TrainingRequests(this, 'TrainingRequests', { campaignJobs: campaignJobs.lambda, undelivered });
    new CriticalAnomalies(this, 'CriticalAnomalies', { undelivered });
    new Schedules(this, 'Schedules', {
      runs: config.schedules,
      stateMachine,
      runSchedules: runSchedules.lambda,
      campaignJobs: campaignJobs.lambda,
      reviewExperiments: experiments.review.lambda,
      deliverWebhooks: webhooks.deliver,
      undelivered,
    });
    new Alarms(this, 'Alarms', {
      stateMachine,
      drilldowns: drilldowns.stateMachine,
      http,
      authorizer,
      campaignJobs,
      undelivered,
      config,
    });

    new CfnOutput(this, 'ApiUrl', { value: http.stage.url });
    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn });
  }
}
