/** When the prices below were looked up: after DynamoDB's on-demand prices were halved (November 2024), no change since. */
export const PRICES_AS_OF = '2025-07-21';

/** Region of the prices: US East (N. Virginia), on demand, first tier, without free tier or commitment, before tax. */
export const PRICES_REGION = 'us-east-1';

/** What one unit costs, and the page of the price list that says so. */
interface ListPrice {
  /** US dollars per unit. */
  readonly usd: number;
  readonly unit: string;
  readonly source: string;
}

/** AWS list prices that every estimate of the benchmarks is made of: the one place to correct them. */
export const AWS_PRICES = {
  lambdaGbSecond: {
    usd: 0.0000133334,
    unit: 'GB-second of an arm64 function',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  lambdaRequest: {
    usd: 0.2e-6,
    unit: 'invocation',
    source: 'https://aws.amazon.com/lambda/pricing/',
  },
  dynamodbWriteUnit: {
    usd: 0.625e-6,
    unit: 'write request unit: 1 KB of an item, two in a transaction',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  dynamodbReadUnit: {
    usd: 0.125e-6,
    unit: 'read request unit: 4 KB read consistently, 8 KB eventually',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  dynamodbGbMonth: {
    usd: 0.25,
    unit: 'GB stored for a month',
    source: 'https://aws.amazon.com/dynamodb/pricing/on-demand/',
  },
  s3Put: {
    usd: 5e-6,
    unit: 'PUT, COPY, POST or LIST request, S3 Standard',
    source: 'https://aws.amazon.com/s3/pricing/',
  },
  s3Get: {
    usd: 0.4e-6,
    unit: 'GET or any other request, S3 Standard',
    source: 'https://aws.amazon.com/s3/pricing/',
  },
  s3GbMonth: {
    usd: 0.023,
    unit: 'GB stored for a month, S3 Standard',
    source: 'https://aws.amazon.com/s3/pricing/',
  },
  stepFunctionsTransition: {
    usd: 25e-6,
    unit: 'state transition of a standard workflow, retries included',
    source: 'https://aws.amazon.com/step-functions/pricing/',
  },
  httpApiRequest: {
    usd: 1e-6,
    unit: 'request to an HTTP API, 512 KB or less',
    source: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  eventbridgeEvent: {
    usd: 1e-6,
    unit: 'custom event, 64 KB or less',
    source: 'https://aws.amazon.com/eventbridge/pricing/',
  },
} as const satisfies Readonly<Record<string, ListPrice>>;

/** Something that is paid for. */
export type PricedUnit = keyof typeof AWS_PRICES;

/** US dollars that so many units cost together at list prices. */
export function costUsd(units: Readonly<Partial<Record<PricedUnit, number>>>): number {
  let usd = 0;
  for (const [unit, amount] of Object.entries(units)) usd += AWS_PRICES[unit as PricedUnit].usd * amount;
  return usd;
}
