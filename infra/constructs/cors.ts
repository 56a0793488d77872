import { Duration } from 'aws-cdk-lib';
import { CorsHttpMethod, type CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Config } from '../config.ts';

/** Scheme, host and port alone; without TLS only pages on the developer's own machine. */
const ORIGIN = /^(https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/;

/** Request headers that the routes read, and that a browser asks about beforehand. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'if-none-match',
  'x-api-key',
  'x-customer-api-id',
  'x-secret',
];

/** Headers of answers that a page may read beside those that every page may. */
const EXPOSED_HEADERS = ['etag', 'retry-after', 'x-request-id'];

/**
 * What API Gateway answers the preflights of browsers with. Pages send keys in headers, never cookies.
 * @throws Error for an origin that is none, or a wildcard
 */
export function corsPreflight({ origins, maxAgeSeconds }: NonNullable<Config['cors']>): CorsPreflightOptions {
  for (const origin of origins) {
    if (ORIGIN.test(origin)) continue;
    throw new Error(
      `cors.origins in infra/config.ts: ${JSON.stringify(origin)} is no origin that is allowed. ` +
        'Name each by scheme, host and port, without a path or a wildcard: "https://app.example", "http://localhost:3000".',
    );
  }
  return {
    allowOrigins: [...origins],
    allowMethods: [
      CorsHttpMethod.GET,
      CorsHttpMethod.POST,
      CorsHttpMethod.PUT,
      CorsHttpMethod.PATCH,
      CorsHttpMethod.DELETE,
    ],
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: Duration.seconds(maxAgeSeconds),
  };
}
