/**
 * What of a resource type this machine honours, as dotted property paths (a path covers all below it; lists are
 * passed through), and what it takes without any effect, with the reason. Everything else stops the start.
 */
export interface Support {
  readonly honoured: readonly string[];
  readonly noEffect?: Readonly<Record<string, string>>;
}

const LABEL = 'a label';
const OPERATIONS = 'concerns operation in AWS only';
const ENCRYPTION = 'data on this machine is not encrypted';

/** Types that are honoured, property by property. */
export const SUPPORTED: Readonly<Record<string, Support>> = {
  'AWS::S3::Bucket': {
    honoured: ['BucketName', 'NotificationConfiguration.EventBridgeConfiguration'],
    noEffect: {
      BucketEncryption: ENCRYPTION,
      PublicAccessBlockConfiguration: 'the store listens on 127.0.0.1 only',
      OwnershipControls: 'there are no ACLs',
      AccessControl: 'there are no ACLs',
      LifecycleConfiguration: 'objects do not expire',
      VersioningConfiguration: 'only the current version is kept',
      LoggingConfiguration: OPERATIONS,
      Tags: LABEL,
    },
  },
  'AWS::DynamoDB::Table': {
    honoured: [
      'TableName',
      'KeySchema',
      'AttributeDefinitions',
      'GlobalSecondaryIndexes',
      'LocalSecondaryIndexes',
      'BillingMode',
      'ProvisionedThroughput',
    ],
    noEffect: {
      TimeToLiveSpecification: 'expired items stay until they are deleted; AWS gives no time for it either',
      PointInTimeRecoverySpecification: OPERATIONS,
      SSESpecification: ENCRYPTION,
      DeletionProtectionEnabled: 'tables are never deleted here',
      ContributorInsightsSpecification: OPERATIONS,
      OnDemandThroughput: OPERATIONS,
      TableClass: OPERATIONS,
      Tags: LABEL,
    },
  },
  'AWS::IAM::Role': {
    honoured: ['RoleName', 'Policies', 'ManagedPolicyArns'],
    noEffect: {
      AssumeRolePolicyDocument: 'a service takes the role its resource names; nothing else can take one',
      MaxSessionDuration: 'credentials do not expire',
      Description: LABEL,
      Path: LABEL,
      Tags: LABEL,
    },
  },
  'AWS::IAM::Policy': { honoured: ['PolicyName', 'PolicyDocument', 'Roles'] },
  'AWS::IAM::ManagedPolicy': {
    honoured: ['ManagedPolicyName', 'PolicyDocument', 'Roles'],
    noEffect: { Description: LABEL, Path: LABEL },
  },
  'AWS::Events::Rule': {
    honoured: [
      'Name',
      'EventPattern',
      'State',
      'Targets.Id',
      'Targets.Arn',
      'Targets.RoleArn',
      'Targets.Input',
      'Targets.InputPath',
      'Targets.InputTransformer',
    ],
    noEffect: {
      Description: LABEL,
      Tags: LABEL,
      'Targets.RetryPolicy': 'a delivery is tried once and its failure logged',
      'Targets.DeadLetterConfig': 'a delivery is tried once and its failure logged',
    },
  },
  'AWS::Scheduler::Schedule': {
    honoured: [
      'Name',
      'ScheduleExpression',
      'ScheduleExpressionTimezone',
      'State',
      'StartDate',
      'EndDate',
      'Target.Arn',
      'Target.RoleArn',
      'Target.Input',
    ],
    noEffect: {
      GroupName: LABEL,
      Description: LABEL,
      KmsKeyArn: ENCRYPTION,
      FlexibleTimeWindow: 'a schedule fires at the start of its window',
      'Target.RetryPolicy': 'a delivery is tried once and its failure logged',
      'Target.DeadLetterConfig': 'a delivery is tried once and its failure logged',
    },
  },
  'AWS::Lambda::Function': {
    honoured: [
      'FunctionName',
      'Code.S3Bucket',
      'Code.S3Key',
      'Handler',
      'Role',
      'MemorySize',
      'Timeout',
      'Environment',
      'PackageType',
    ],
    noEffect: {
      Runtime: 'functions run on the Node.js that runs this machine',
      Architectures: 'functions run on the processor of this machine',
      TracingConfig: OPERATIONS,
      LoggingConfig: 'log lines go to a file per function',
      EphemeralStorage: 'the temporary folder of this machine is used, without a limit',
      KmsKeyArn: ENCRYPTION,
      Description: LABEL,
      Tags: LABEL,
    },
  },
  'AWS::StepFunctions::StateMachine': {
    honoured: ['StateMachineName', 'StateMachineType', 'DefinitionString', 'RoleArn'],
    noEffect: {
      LoggingConfiguration: OPERATIONS,
      TracingConfiguration: OPERATIONS,
      EncryptionConfiguration: ENCRYPTION,
      Tags: LABEL,
    },
  },
  'AWS::ApiGatewayV2::Api': {
    honoured: ['Name', 'ProtocolType', 'CorsConfiguration'],
    noEffect: { Description: LABEL, DisableExecuteApiEndpoint: OPERATIONS, Tags: LABEL },
  },
  'AWS::ApiGatewayV2::Route': {
    honoured: ['ApiId', 'RouteKey', 'Target', 'AuthorizationType', 'AuthorizerId'],
    noEffect: { OperationName: LABEL },
  },
  'AWS::ApiGatewayV2::Integration': {
    honoured: [
      'ApiId',
      'IntegrationType',
      'IntegrationUri',
      'IntegrationMethod',
      'PayloadFormatVersion',
      'TimeoutInMillis',
    ],
    noEffect: { Description: LABEL },
  },
  'AWS::ApiGatewayV2::Authorizer': {
    honoured: [
      'ApiId',
      'Name',
      'AuthorizerType',
      'AuthorizerUri',
      'AuthorizerPayloadFormatVersion',
      'AuthorizerResultTtlInSeconds',
      'EnableSimpleResponses',
      'IdentitySource',
    ],
  },
  'AWS::ApiGatewayV2::Stage': {
    honoured: ['ApiId', 'StageName'],
    noEffect: {
      AutoDeploy: 'the template is what runs',
      AccessLogSettings: OPERATIONS,
      DefaultRouteSettings: 'requests are not throttled',
      RouteSettings: 'requests are not throttled',
      Description: LABEL,
      Tags: LABEL,
    },
  },
};

/** Types without any effect on one machine, with the reason. */
export const NO_EFFECT: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'names the CDK modules in use',
  'AWS::Logs::LogGroup': 'log lines go to a file per function and are kept',
  'AWS::Logs::ResourcePolicy': OPERATIONS,
  'AWS::Lambda::Permission': 'API, rules and schedules reach the functions they name',
  'AWS::S3::BucketPolicy': 'what a role may do is read from the role; the store listens on 127.0.0.1 only',
  'AWS::KMS::Key': ENCRYPTION,
  'AWS::KMS::Alias': ENCRYPTION,
  'AWS::CloudWatch::Alarm': OPERATIONS,
  'AWS::CloudWatch::CompositeAlarm': OPERATIONS,
  'AWS::CloudWatch::Dashboard': OPERATIONS,
  'AWS::SNS::Topic': 'has no subscribers here; what rules tell it is logged',
  'AWS::SNS::TopicPolicy': 'rules reach the topics they name',
  'AWS::SNS::Subscription': 'nobody is told here; what rules tell a topic is logged',
  'AWS::SQS::Queue': 'takes undeliverable events only; here they are logged',
  'AWS::SQS::QueuePolicy': 'takes undeliverable events only; here they are logged',
  'AWS::Scheduler::ScheduleGroup': LABEL,
  'AWS::XRay::Group': OPERATIONS,
};
