import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { BUNDLES } from './bundle.ts';
import { type Config, config as deployed } from './config.ts';
import { DataStack } from './data-stack.ts';
import { ServiceStack } from './service-stack.ts';

/** Context of the app, set here and not in cdk.json so that every way of running it gives one template. */
const CONTEXT = {
  // Without it the maps' ResultWriter is left out of the definition, and nothing says so.
  '@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2': true,
  // Exports hold the data stack's names in place for as long as the service stack uses them.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
  // S3 writes its access logs by bucket policy: access control lists stay switched off.
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
};

/** What may differ between two synths. */
export interface CreateAppOptions {
  readonly config?: Config;
  /** Folder that holds one folder per bundle. */
  readonly bundles?: string;
  readonly outdir?: string;
}

/**
 * The whole app: a stack of data, a stack of service, and the AwsSolutions rules, which fail a synth that breaks one
 * without a stated reason. Tied to no account or region.
 */
export function createApp({ config = deployed, bundles = BUNDLES, outdir }: CreateAppOptions = {}): App {
  const app = new App({
    context: CONTEXT,
    analyticsReporting: false,
    ...(outdir === undefined ? {} : { outdir }),
  });
  const stores = new DataStack(app, 'TessellaData', {
    config,
    description: 'tessella: files, runs and segments',
  });
  new ServiceStack(app, 'TessellaService', {
    config,
    stores,
    bundles,
    description: 'tessella: segmentation workflow and HTTP API',
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

if (import.meta.main) createApp({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' }).synth();
