import { randomBytes } from 'node:crypto';
import { parsePolicy, type RequestContext, type Statement } from './iam-policy.ts';
import type { Assembly } from './template.ts';
import { TemplateError } from './template-error.ts';
import { ACCOUNT } from './template-names.ts';

/** Who may do everything: the command line, the tests, and the machinery that boots the machine. */
export const ADMIN_ARN = `arn:aws:iam::${ACCOUNT}:user/admin`;

/** Long-term credentials of one principal, valid while this process runs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Who signed a request. */
export interface Principal extends Credentials {
  readonly arn: string;
}

/** Outcome of a policy evaluation; `reason` names the statement, or says that none allows it. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** The identities of the template and what each may do. */
export interface Iam {
  /** Identity-policy evaluation: an explicit deny wins, then an allow, else denied. Unknown principals may nothing. */
  authorize(principalArn: string, action: string, resourceArn: string, context?: RequestContext): Decision;
  /** @throws TemplateError for an ARN that is neither a role of the template nor `ADMIN_ARN` */
  credentialsFor(principalArn: string): Credentials;
  /** The principal an access key belongs to. */
  principalOf(accessKeyId: string): Principal | undefined;
}

const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

/** Policies of AWS that roles may carry, as published in the AWS managed policy reference. */
const AWS_MANAGED: Readonly<Record<string, unknown>> = {
  [BASIC_EXECUTION]: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function newPrincipal(arn: string): Principal {
  const id = Array.from(randomBytes(16), (byte) => ALPHABET[byte % 32]).join('');
  return { arn, accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64') };
}

interface RoleProperties {
  readonly Policies?: readonly { readonly PolicyName: string; readonly PolicyDocument: unknown }[];
  readonly ManagedPolicyArns?: readonly string[];
}

interface PolicyProperties {
  readonly PolicyDocument: unknown;
  readonly Roles?: readonly string[];
}

function statementsByRole(assembly: Assembly): Map<string, Statement[]> {
  const managed = new Map(
    Object.entries(AWS_MANAGED).map(([arn, document]) => [arn, parsePolicy(document, arn)]),
  );
  for (const { arn, logicalId, properties } of assembly.resources('AWS::IAM::ManagedPolicy'))
    managed.set(arn, parsePolicy(properties.PolicyDocument, logicalId));

  const roles = assembly.resources('AWS::IAM::Role');
  const byRole = new Map<string, Statement[]>();
  for (const { arn, logicalId, properties } of roles) {
    const { Policies = [], ManagedPolicyArns = [] } = properties as RoleProperties;
    const inline = Policies.flatMap(({ PolicyName, PolicyDocument }) =>
      parsePolicy(PolicyDocument, `${logicalId}/${PolicyName}`),
    );
    const attached = ManagedPolicyArns.flatMap((policy) => {
      const statements = managed.get(policy);
      if (!statements)
        throw new TemplateError(`role ${logicalId} carries ${policy}, whose text this machine does not know`);
      return statements;
    });
    byRole.set(arn, [...inline, ...attached]);
  }

  const attachments = [
    ...assembly.resources('AWS::IAM::Policy'),
    ...assembly.resources('AWS::IAM::ManagedPolicy'),
  ];
  for (const { logicalId, properties } of attachments) {
    const { PolicyDocument, Roles = [] } = properties as unknown as PolicyProperties;
    for (const name of Roles) {
      const role = roles.find((candidate) => candidate.name === name);
      if (!role) throw new TemplateError(`policy ${logicalId} is attached to ${name}, which is no role here`);
      byRole.get(role.arn)?.push(...parsePolicy(PolicyDocument, logicalId));
    }
  }
  return byRole;
}

/**
 * The roles of the assembly with their inline, attached and managed policies, each with credentials of its own, so
 * that every door can tell who is calling.
 *
 * @throws TemplateError for policies that cannot be evaluated on this machine
 */
export function createIam(assembly: Assembly): Iam {
  const statements = statementsByRole(assembly);
  const principals = new Map([ADMIN_ARN, ...statements.keys()].map((arn) => [arn, newPrincipal(arn)]));
  const byAccessKey = new Map(
    [...principals.values()].map((principal) => [principal.accessKeyId, principal]),
  );
  return {
    authorize(principalArn, action, resourceArn, context = {}) {
      if (principalArn === ADMIN_ARN) return { allowed: true, reason: 'admin' };
      const full = { 'aws:resourceaccount': ACCOUNT, ...context };
      const matching = (statements.get(principalArn) ?? []).filter((statement) =>
        statement.matches(action, resourceArn, full),
      );
      const deciding = matching.find(({ effect }) => effect === 'Deny') ?? matching[0];
      if (deciding)
        return { allowed: deciding.effect === 'Allow', reason: `${deciding.effect} in ${deciding.source}` };
      const reason = `${principalArn} is not authorized to perform ${action} on ${resourceArn}: no policy allows it`;
      return { allowed: false, reason };
    },
    credentialsFor(principalArn) {
      const principal = principals.get(principalArn);
      if (!principal)
        throw new TemplateError(`${principalArn} is no role of the template, so it has no credentials`);
      return { accessKeyId: principal.accessKeyId, secretAccessKey: principal.secretAccessKey };
    },
    principalOf: (accessKeyId) => byAccessKey.get(accessKeyId),
  };
}
