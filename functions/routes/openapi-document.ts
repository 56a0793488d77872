import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { problemSchema } from '../contracts/api.ts';
import type { Route } from './route.ts';

const API_KEY = { apiKey: [] };
const CUSTOMER_API = { customerApiId: [], customerApiSecret: [] };
/** The OpenAPI security of each kind of credentials: alternatives, each of schemes that are needed together. */
const SECURITY: Readonly<Record<NonNullable<Route['credentials']>, Record<string, string[]>[]>> = {
  apiKey: [API_KEY],
  customerApi: [CUSTOMER_API],
  either: [API_KEY, CUSTOMER_API, { bearer: [] }],
};

const SUCCESS: Readonly<Record<Route['status'] | 503, string>> = {
  200: 'OK.',
  201: 'Created.',
  202: 'Accepted.',
  503: 'Something that is needed is down.',
};

/** The OpenAPI 3.1 document of these routes, generated from their schemas. */
export function openapiDocument(routes: readonly Route[]) {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'tessella',
      version: '1',
      description:
        'Named customer segments. Errors are RFC 9457 problem documents; every answer carries `x-request-id`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: '`tsl.{tenant}.{keyId}.{secret}`. A key belongs to one tenant and carries scopes.',
        },
        customerApiId: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Customer-Api-Id',
          description:
            'UUID of a key that is sent in two headers; `tessella keys create --customer-api` makes one.',
        },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A key, or a JSON Web Token of an issuer that the tenant takes (claims `tenant`, `exp`); `X-API-Key` takes tokens too.',
        },
        customerApiSecret: { type: 'apiKey', in: 'header', name: 'X-Secret', description: 'Its secret.' },
      },
    },
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const {
    method,
    path,
    scope,
    credentials = 'apiKey',
    summary,
    description,
    params,
    query,
    body,
    byUpload,
    bodyOptional = false,
    status,
    answer,
    accepted,
    unavailable,
  } = route;
  const needs = scope === undefined ? undefined : `Needs the scope \`${scope}\`.`;
  const texts = Object.fromEntries(
    (route.answerTexts ?? []).map((type) => [type, { schema: { type: 'string' as const } }]),
  );
  const requestParams = { ...(params && { path: params }), ...(query && { query }) };
  return {
    operationId: operationId(method, path),
    summary,
    ...((description ?? needs) && { description: [description, needs].filter(Boolean).join(' ') }),
    security: scope === undefined ? [] : SECURITY[credentials],
    ...(Object.keys(requestParams).length > 0 && { requestParams }),
    ...(body && {
      requestBody: {
        required: !bodyOptional,
        content: {
          'application/json': { schema: byUpload?.route.body ? z.union([body, byUpload.route.body]) : body },
        },
      },
    }),
    responses: {
      ...Object.fromEntries(
        [
          { status, answer },
          ...(accepted ? [{ status: 202 as const, answer: accepted }] : []),
          ...(unavailable ? [{ status: 503 as const, answer: unavailable }] : []),
          ...(byUpload ? [byUpload.route] : []),
        ].map((one) => [
          one.status,
          {
            description: SUCCESS[one.status],
            content: { 'application/json': { schema: one.answer }, ...texts },
          },
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(problemsOf(route)).map(([code, text]) => [
          code,
          { description: text, content: { 'application/problem+json': { schema: problemSchema } } },
        ]),
      ),
    },
  };
}

/** Problems of a route by status, those that follow from its kind included. */
function problemsOf({ scope, params, query, body, byUpload, problems }: Route): Record<string, string> {
  return {
    ...((params ?? query ?? body) && { 400: '`Invalid input`: `errors` points at the fields.' }),
    ...(scope !== undefined && {
      401: 'No API key, or one that is not valid.',
      403: 'The key lacks the scope.',
    }),
    ...(body && { 413: 'The body is too large.' }),
    ...(scope !== undefined && { 503: 'A store is overloaded; try again shortly.' }),
    ...byUpload?.route.problems,
    ...problems,
    500: 'A defect of ours; the log holds the details of this `requestId`.',
  };
}

/** `GET /v1/runs/{runId}` → `getV1RunsByRunId`. */
function operationId(method: string, path: string): string {
  const words = path
    .replaceAll(/\{(\w+)\}/g, 'by-$1')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
