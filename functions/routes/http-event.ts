/** The parts of an API Gateway HTTP API event, payload format 2.0, that we read. */
export interface HttpEvent {
  readonly routeKey?: string;
  readonly rawPath: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Several values of one name are joined by commas. */
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  /** Percent-decoded. */
  readonly pathParameters?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly requestId: string;
    readonly http: { readonly method: string };
    readonly authorizer?: { readonly lambda?: Readonly<Record<string, unknown>> };
  };
}

/** An answer in payload format 2.0. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
