import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { ENV } from '../contracts/env.ts';
import type { DrilldownRef, Trigger } from '../contracts/workflow.ts';
import type { Ports } from '../ports.ts';
import { awsProbes } from './aws-probes.ts';
import { awsTables } from './aws-tables.ts';
import { bedrockNamePhraser } from './bedrock-name-phraser.ts';
import { clientSettings, objectClientSettings, transferClientSettings } from './client-settings.ts';
import { dynamodbApiKeys } from './dynamodb-api-keys.ts';
import { dynamodbChildSegments } from './dynamodb-child-segments.ts';
import { dynamodbConfigs } from './dynamodb-configs.ts';
import { dynamodbDocuments } from './dynamodb-documents.ts';
import { dynamodbDrilldowns } from './dynamodb-drilldowns.ts';
import { dynamodbExperiments } from './dynamodb-experiments.ts';
import { dynamodbInsights } from './dynamodb-insights.ts';
import { dynamodbLabels } from './dynamodb-labels.ts';
import { dynamodbRateCounters } from './dynamodb-rate-counters.ts';
import { dynamodbRuns } from './dynamodb-runs.ts';
import { dynamodbSegments } from './dynamodb-segments.ts';
import { dynamodbWebhooks } from './dynamodb-webhooks.ts';
import { eventbridgeEvents } from './eventbridge-events.ts';
import { httpsWebhookSender } from './https-webhook-sender.ts';
import { requiredSetting } from './required-setting.ts';
import { s3Objects } from './s3-objects.ts';
import { s3Transfers } from './s3-transfers.ts';
import { sesMailer } from './ses-mailer.ts';
import { stepfunctionsWorkflow } from './stepfunctions-workflow.ts';

/**
 * Ports on AWS. Each client and store is made at its first use, once: a function pays for, and needs the environment
 * variable of, only what it touches.
 */
export function awsPorts(env: NodeJS.ProcessEnv = process.env): Ports {
  const table = awsTables(env);
  const setting = (name: string) => requiredSetting(env, name);
  const stores = {
    objects: once(() => s3Objects(new S3Client(objectClientSettings), setting(ENV.dataBucket))),
    transfers: once(() => s3Transfers(new S3Client(transferClientSettings), setting(ENV.dataBucket))),
    runs: once(() => dynamodbRuns(table(ENV.runsTable))),
    segments: once(() => dynamodbSegments(table(ENV.segmentsTable))),
    labels: once(() => dynamodbLabels(table(ENV.labelsTable))),
    apiKeys: once(() => dynamodbApiKeys(table(ENV.apiKeysTable))),
    configs: once(() => dynamodbConfigs(table(ENV.configsTable))),
    insights: once(() => dynamodbInsights(table(ENV.campaignsTable))),
    campaignDocuments: once(() => dynamodbDocuments(table(ENV.campaignsTable))),
    rateCounters: once(() => dynamodbRateCounters(table(ENV.campaignsTable))),
    experiments: once(() => dynamodbExperiments(table(ENV.experimentsTable))),
    events: once(() => eventbridgeEvents(setting(ENV.eventBusArn))),
    mailer: once(() => sesMailer(env[ENV.mailFrom])),
    namePhraser: once(() => bedrockNamePhraser(env[ENV.nameModel])),
    workflow: once(() =>
      stepfunctionsWorkflow<Trigger>(new SFNClient(clientSettings), () => setting(ENV.stateMachineArn)),
    ),
    webhooks: once(() => dynamodbWebhooks(table(ENV.webhooksTable))),
    webhookSender: once(() => httpsWebhookSender({ local: isOnOneMachine(env) })),
    probes: once(() =>
      awsProbes(
        () => setting(ENV.dataBucket),
        () => setting(ENV.stateMachineArn),
      ),
    ),
    drilldowns: once(() => dynamodbDrilldowns(table(ENV.runsTable))),
    childSegments: once(() => dynamodbChildSegments(table(ENV.segmentsTable))),
    drilldownWorkflow: once(() =>
      stepfunctionsWorkflow<DrilldownRef>(new SFNClient(clientSettings), () =>
        setting(ENV.drilldownMachineArn),
      ),
    ),
  };
  return {
    get objects() {
      return stores.objects();
    },
    get transfers() {
      return stores.transfers();
    },
    get runs() {
      return stores.runs();
    },
    get segments() {
      return stores.segments();
    },
    get labels() {
      return stores.labels();
    },
    get apiKeys() {
      return stores.apiKeys();
    },
    get configs() {
      return stores.configs();
    },
    get insights() {
      return stores.insights();
    },
    get campaignDocuments() {
      return stores.campaignDocuments();
    },
    get rateCounters() {
      return stores.rateCounters();
    },
    get experiments() {
      return stores.experiments();
    },
    get events() {
      return stores.events();
    },
    get mailer() {
      return stores.mailer();
    },
    get namePhraser() {
      return stores.namePhraser();
    },
    get workflow() {
      return stores.workflow();
    },
    get webhooks() {
      return stores.webhooks();
    },
    get webhookSender() {
      return stores.webhookSender();
    },
    get probes() {
      return stores.probes();
    },
    get drilldowns() {
      return stores.drilldowns();
    },
    get childSegments() {
      return stores.childSegments();
    },
    get drilldownWorkflow() {
      return stores.drilldownWorkflow();
    },
    clock: { now: () => new Date() },
  };
}

/** Whether the services that this function uses are on its own machine: then what is there may be told of events, too. */
function isOnOneMachine(env: NodeJS.ProcessEnv): boolean {
  return env.AWS_ENDPOINT_URL_DYNAMODB?.startsWith('http://127.0.0.1:') ?? false;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
