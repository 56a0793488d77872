import { describe, expect, it } from 'vitest';
import { ADMIN_ARN, createIam } from '../../local/iam.ts';
import { assemblyOf, roleResource } from './support/assembly-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROLE = 'arn:aws:iam::000000000000:role/app-Role';
const OBJECT = 'arn:aws:s3:::data/runs/t/x.json';

const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const allow = (more: object) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: object) => ({ Effect: 'Deny', Action: '*', Resource: '*', ...more });
const iamOf = (resources: Record<string, object>) => createIam(assemblyOf(temporaryFolder(), resources));
const iamWith = (...statements: object[]) => iamOf({ Role: roleResource(...statements) });

describe('authorize', () => {
  it('denies what no policy allows, and says so', () => {
    const iam = iamWith(allow({ Action: 's3:GetObject' }));
    expect(iam.authorize(ROLE, 's3:PutObject', OBJECT)).toEqual({
      allowed: false,
      reason: `${ROLE} is not authorized to perform s3:PutObject on ${OBJECT}: no policy allows it`,
    });
    expect(iam.authorize('arn:aws:iam::000000000000:role/none', 's3:GetObject', OBJECT).allowed).toBe(false);
  });

  it('lets the admin do everything', () => {
    expect(iamWith().authorize(ADMIN_ARN, 's3:PutObject', OBJECT).allowed).toBe(true);
  });

  it.each([
    ['s3:GetObject', true],
    ['S3:GETOBJECT', true],
    ['s3:Get*', true],
    ['s3:G?tObject', true],
    ['*', true],
    ['s3:GetObjec', false],
    ['s3:Get?', false],
    ['s3.GetObject', false],
    ['dynamodb:GetItem', false],
  ])('matches the action pattern %s', (Action, allowed) => {
    expect(iamWith(allow({ Action })).authorize(ROLE, 's3:GetObject', OBJECT).allowed).toBe(allowed);
  });

  it.each([
    [OBJECT, true],
    ['arn:aws:s3:::data/*', true],
    ['arn:aws:s3:::data/runs/?/*.json', true],
    ['arn:aws:s3:::*', true],
    ['arn:aws:s3:::data', false],
    ['arn:aws:s3:::DATA/*', false],
    ['arn:aws:s3:::data/runs/(t|u)/*', false],
  ])('matches the resource pattern %s', (Resource, allowed) => {
    expect(iamWith(allow({ Resource })).authorize(ROLE, 's3:GetObject', OBJECT).allowed).toBe(allowed);
  });

  it('excludes with NotAction and NotResource', () => {
    const iam = createIam(
      assemblyOf(temporaryFolder(), {
        Role: roleResource({
          Effect: 'Allow',
          NotAction: 's3:Delete*',
          NotResource: 'arn:aws:s3:::data/secret/*',
        }),
      }),
    );
    const allowed = (action: string, resource: string) => iam.authorize(ROLE, action, resource).allowed;
    expect(allowed('s3:GetObject', OBJECT)).toBe(true);
    expect(allowed('s3:DeleteObject', OBJECT)).toBe(false);
    expect(allowed('s3:GetObject', 'arn:aws:s3:::data/secret/x')).toBe(false);
  });

  it('lets a deny win over any allow, wherever it stands', () => {
    const iam = iamWith(allow({}), deny({ Sid: 'NoDeletes', Action: 's3:DeleteObject' }), allow({}));
    const decision = iam.authorize(ROLE, 's3:DeleteObject', OBJECT);
    expect(decision).toEqual({ allowed: false, reason: 'Deny in Role/inline, statement NoDeletes' });
  });

  it.each([
    [{ StringLike: { 's3:prefix': 'runs/*' } }, 'runs/t/', true],
    [{ StringLike: { 's3:prefix': ['files/*', 'runs/*'] } }, 'runs/t/', true],
    [{ StringLike: { 's3:prefix': 'runs/*' } }, 'drop/', false],
    [{ StringLike: { 's3:prefix': 'runs/*' } }, undefined, false],
    [{ StringLikeIfExists: { 's3:prefix': 'runs/*' } }, undefined, true],
    [{ StringEquals: { 'S3:Prefix': 'runs/' } }, 'runs/', true],
    [{ StringNotEquals: { 's3:prefix': 'runs/' } }, 'runs/', false],
    [{ StringNotLike: { 's3:prefix': ['a*', 'b*'] } }, 'c', true],
    [{ StringEquals: { 'aws:ResourceAccount': '000000000000' } }, undefined, true],
    [{ StringLike: { 's3:prefix': '*' }, StringNotLike: { 's3:prefix': 'x*' } }, 'xy', false],
  ])('evaluates the condition %j for the prefix %s', (Condition, prefix, allowed) => {
    const context = prefix === undefined ? {} : { 's3:prefix': prefix };
    const decision = iamWith(allow({ Condition })).authorize(
      ROLE,
      's3:ListBucket',
      'arn:aws:s3:::data',
      context,
    );
    expect(decision.allowed).toBe(allowed);
  });
});

describe('policies of a role', () => {
  it('are the inline, the attached and the managed ones', () => {
    const iam = iamOf({
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          ManagedPolicyArns: [
            { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole` },
            { Ref: 'Managed' },
          ],
        },
      },
      Managed: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { PolicyDocument: document(allow({ Action: 's3:GetObject' })) },
      },
      Attached: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          PolicyName: 'p',
          Roles: [{ Ref: 'Role' }],
          PolicyDocument: document(allow({ Action: 's3:PutObject' })),
        },
      },
    });
    const may = (action: string) => iam.authorize(ROLE, action, OBJECT).allowed;
    expect(['logs:PutLogEvents', 's3:GetObject', 's3:PutObject', 's3:DeleteObject'].map(may)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it.each([
    [
      { Condition: { DateGreaterThan: { 'aws:CurrentTime': 'x' } } },
      /operator DateGreaterThan is not evaluated/,
    ],
    [
      { Condition: { StringEquals: { 'aws:PrincipalTag/a': 'x' } } },
      /key aws:PrincipalTag\/a is not evaluated/,
    ],
    [{ Resource: `arn:aws:s3:::data/\${aws:username}` }, /policy variable/],
    [{ Principal: '*' }, /Principal is not evaluated/],
    [{ NotAction: 's3:*' }, /either Action or NotAction/],
    [{ Effect: 'Maybe' }, /expected Allow or Deny/],
  ])('fails for a statement with %j', (more, message) => {
    expect(() => iamWith(allow(more))).toThrow(message);
  });

  it('fails for managed policies whose text is not known', () => {
    const Properties = { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] };
    expect(() => iamOf({ Role: { Type: 'AWS::IAM::Role', Properties } })).toThrow(
      /AdministratorAccess.*not know/,
    );
  });
});

describe('credentials', () => {
  it('differ for every principal and lead back to it', () => {
    const iam = iamOf({ Role: roleResource(), Other: roleResource() });
    const other = ROLE.replace('Role', 'Other');
    const keys = [ROLE, other, ADMIN_ARN].map((arn) => iam.credentialsFor(arn));
    expect(new Set(keys.map(({ accessKeyId }) => accessKeyId)).size).toBe(3);
    expect(new Set(keys.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(3);
    expect(iam.principalOf(keys[1]!.accessKeyId)?.arn).toBe(other);
    expect(iam.principalOf('AKIANONE')).toBeUndefined();
  });

  it('fails for an ARN that is no role of the template', () => {
    expect(() => iamWith().credentialsFor('arn:aws:iam::000000000000:role/none')).toThrow(
      /no role of the template/,
    );
  });
});
