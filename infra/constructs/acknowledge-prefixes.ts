import { Stack, Validations } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';

/**
 * States why a role may touch everything below some prefixes of a bucket of another stack. cdk-nag names such a
 * finding by the export that carries the bucket's ARN between the stacks.
 */
export function acknowledgePrefixes(role: IConstruct, bucket: IBucket, prefixes: readonly string[]): void {
  const owner = Stack.of(bucket);
  const exported: unknown = owner.resolve(owner.exportValue(bucket.bucketArn));
  const name = (exported as { 'Fn::ImportValue': string })['Fn::ImportValue'];
  for (const prefix of prefixes) {
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${name}/${prefix}*]`,
      reason: `Tenants, datasets and runs come to be at run time; the rights end at ${prefix}.`,
    });
  }
}
