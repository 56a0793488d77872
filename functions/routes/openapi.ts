import { z } from 'zod';
import { openapiDocument } from './openapi-document.ts';
import { defineRoute, type Route } from './route.ts';

/** Serves the OpenAPI document of the given routes and of itself. */
export function openapiRoute(routes: () => readonly Route[]): Route {
  let document: ReturnType<typeof openapiDocument> | undefined;
  return defineRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document (OpenAPI 3.1)',
    status: 200,
    answer: z.looseObject({ openapi: z.string() }).meta({ id: 'OpenApiDocument' }),
    handle() {
      document ??= openapiDocument(routes());
      return { body: { ...document }, headers: { 'cache-control': 'public, max-age=3600' } };
    },
  });
}
