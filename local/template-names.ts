/** Region of everything that runs on this machine. */
export const REGION = 'eu-central-1';

/** Account of everything that runs on this machine: no account of AWS has this number. */
export const ACCOUNT = '000000000000';

/** What a physical name is made of. */
export interface NameParts {
  readonly stack: string;
  readonly logicalId: string;
  /** Name the template asks for, where it does. */
  readonly given?: string | undefined;
}

interface Naming {
  /** Property that holds a name chosen in the template. */
  readonly property?: string;
  /** Longest name the service takes. */
  readonly maxLength?: number;
  readonly lowerCase?: boolean;
  readonly arn?: (name: string) => string;
  /** What `Ref` gives; the name unless stated. */
  readonly ref?: 'name' | 'arn';
  /** Attributes of `Fn::GetAtt` besides `Arn`. */
  readonly attributes?: Readonly<Record<string, 'name' | 'arn'>>;
  /** Suffix of the `Arn` attribute. */
  readonly arnSuffix?: string;
}

const regional = (service: string, kind: string) => (name: string) =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${kind}${name}`;

/** How CloudFormation names the resources we know, and what `Ref` and `Fn::GetAtt` say of them. */
const NAMING: Readonly<Record<string, Naming>> = {
  'AWS::S3::Bucket': {
    property: 'BucketName',
    maxLength: 63,
    lowerCase: true,
    arn: (name) => `arn:aws:s3:::${name}`,
  },
  'AWS::DynamoDB::Table': { property: 'TableName', maxLength: 255, arn: regional('dynamodb', 'table/') },
  'AWS::Lambda::Function': { property: 'FunctionName', maxLength: 64, arn: regional('lambda', 'function:') },
  'AWS::StepFunctions::StateMachine': {
    property: 'StateMachineName',
    maxLength: 80,
    arn: regional('states', 'stateMachine:'),
    ref: 'arn',
    attributes: { Name: 'name' },
  },
  'AWS::IAM::Role': {
    property: 'RoleName',
    maxLength: 64,
    arn: (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  },
  'AWS::IAM::ManagedPolicy': {
    property: 'ManagedPolicyName',
    maxLength: 128,
    arn: (name) => `arn:aws:iam::${ACCOUNT}:policy/${name}`,
    ref: 'arn',
  },
  'AWS::Logs::LogGroup': {
    property: 'LogGroupName',
    maxLength: 512,
    arn: regional('logs', 'log-group:'),
    arnSuffix: ':*',
  },
  'AWS::Events::Rule': { property: 'Name', maxLength: 64, arn: regional('events', 'rule/') },
  'AWS::Scheduler::Schedule': {
    property: 'Name',
    maxLength: 64,
    arn: regional('scheduler', 'schedule/default/'),
  },
  'AWS::Scheduler::ScheduleGroup': {
    property: 'Name',
    maxLength: 64,
    arn: regional('scheduler', 'schedule-group/'),
  },
  'AWS::ApiGatewayV2::Api': {
    arn: (name) => `arn:aws:apigateway:${REGION}::/apis/${name}`,
    attributes: { ApiId: 'name' },
  },
  'AWS::ApiGatewayV2::Authorizer': { attributes: { AuthorizerId: 'name' } },
  'AWS::ApiGatewayV2::Stage': { property: 'StageName' },
  'AWS::SQS::Queue': {
    property: 'QueueName',
    maxLength: 80,
    arn: regional('sqs', ''),
    attributes: { QueueName: 'name' },
  },
  'AWS::SNS::Topic': {
    property: 'TopicName',
    maxLength: 256,
    arn: regional('sns', ''),
    ref: 'arn',
    attributes: { TopicArn: 'arn', TopicName: 'name' },
  },
  'AWS::KMS::Key': { arn: regional('kms', 'key/'), attributes: { KeyId: 'name' } },
  'AWS::KMS::Alias': { property: 'AliasName' },
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', maxLength: 255, arn: regional('cloudwatch', 'alarm:') },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', maxLength: 255 },
};

/** Property of `type` that holds its physical name, where it can be given one. */
export const nameProperty = (type: string): string | undefined => NAMING[type]?.property;

/** Physical name: the given one, or `<stack>-<logicalId>` in the alphabet and length of the service. */
export function physicalName(type: string, { stack, logicalId, given }: NameParts): string {
  if (given !== undefined) return given;
  const naming = NAMING[type];
  const full = `${stack}-${logicalId}`;
  const cased = naming?.lowerCase ? full.toLowerCase() : full;
  // The end of a logical id is its hash: cutting the front keeps two long names apart.
  return cased.slice(-(naming?.maxLength ?? 255)).replace(/^[^A-Za-z0-9]+/, '');
}

/** ARN of the resource of that name; undefined for types that have none. */
export const arnOf = (type: string, name: string): string | undefined => NAMING[type]?.arn?.(name);

/** What `Ref` gives for the resource of that name. */
export function refOf(type: string, name: string): string {
  const naming = NAMING[type];
  return naming?.ref === 'arn' ? (naming.arn?.(name) ?? name) : name;
}

/** What `Fn::GetAtt` gives for the resource of that name; undefined where this machine has no such attribute. */
export function attributeOf(type: string, name: string, attribute: string): string | undefined {
  const naming = NAMING[type];
  const arn = naming?.arn?.(name);
  if (attribute === 'Arn') return arn && arn + (naming?.arnSuffix ?? '');
  const source = naming?.attributes?.[attribute];
  return source === 'arn' ? arn : source === 'name' ? name : undefined;
}
