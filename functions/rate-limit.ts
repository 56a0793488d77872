import { ENV } from './contracts/env.ts';
import { TooManyRequestsError } from './errors.ts';
import type { Ports } from './ports.ts';

const MINUTE_MS = 60_000;

/** Requests that one key may send a minute, of the environment; 600 where it says nothing. */
export function requestsPerMinute(env: NodeJS.ProcessEnv = process.env): number {
  const number = Number(env[ENV.requestsPerMinute]);
  return Number.isInteger(number) && number > 0 ? number : 600;
}

/**
 * Admits at most `perMinute` requests of one key in each minute of the clock, counted in DynamoDB, so that all
 * instances of a function count together.
 * @throws TooManyRequestsError with `retryAfterSeconds`, from the first request above it until the minute is over
 */
export function rateLimit(perMinute: number) {
  return async (
    { tenant, keyId }: { readonly tenant: string; readonly keyId: string },
    { rateCounters, clock }: Pick<Ports, 'rateCounters' | 'clock'>,
  ): Promise<void> => {
    const now = clock.now().getTime();
    const startMs = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const requests = await rateCounters.count(tenant, keyId, { startMs, durationMs: MINUTE_MS });
    if (requests <= perMinute) return;
    const retryAfterSeconds = Math.ceil((startMs + MINUTE_MS - now) / 1000);
    throw new TooManyRequestsError(
      `The key has sent ${requests} requests this minute; ${perMinute} are allowed. Try again in ${retryAfterSeconds} s.`,
      { reason: 'rate_limit', limitPerMinute: perMinute, retryAfterSeconds },
    );
  };
}
