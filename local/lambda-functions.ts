import type { Iam } from './iam.ts';
import type { FunctionDefinition } from './lambda-process.ts';
import type { Assembly } from './template.ts';
import { REGION } from './template-names.ts';

/** Where SDK clients find the services: `AWS_ENDPOINT_URL_S3`, `…_DYNAMODB`, `…_SFN` and `…_EVENTBRIDGE`. */
export interface Endpoints {
  readonly s3: string;
  readonly dynamodb: string;
  readonly sfn: string;
  readonly eventbridge: string;
}

interface FunctionProperties {
  readonly Handler: string;
  readonly Role: string;
  readonly MemorySize?: number;
  readonly Timeout?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
}

/** The functions of an assembly. @throws TemplateError when a bundle is missing */
export const functionsOf = (assembly: Assembly): FunctionDefinition[] =>
  assembly.resources('AWS::Lambda::Function').map((resource) => {
    const properties = resource.properties as unknown as FunctionProperties;
    return {
      name: resource.name,
      arn: resource.arn,
      codeFolder: assembly.codeFolder(resource),
      handler: properties.Handler,
      memorySizeMb: properties.MemorySize ?? 128,
      timeoutMs: (properties.Timeout ?? 3) * 1000,
      environment: properties.Environment?.Variables ?? {},
      roleArn: properties.Role,
    };
  });

/** What a function finds in its environment: who it is, and where the services are. */
export function variablesFor(
  iam: Iam,
  endpoints: Endpoints,
  { roleArn }: FunctionDefinition,
): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = iam.credentialsFor(roleArn);
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SFN: endpoints.sfn,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventbridge,
  };
}
