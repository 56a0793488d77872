import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { SendResult, WebhookSender } from '../webhook-ports.ts';

/** A receiver that takes longer has to answer first and work later. */
const TIMEOUT_MS = 10_000;

/** Addresses that are not public: IANA's special-purpose registries of IPv4 and IPv6, and multicast. */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4');
}

/** Of IPv6 only global unicast is public, without what wraps IPv4 addresses or documents. */
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv6');
}

/** Whether an address may be sent to: one of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC.check(address, 'ipv4');
  return family === 6 && GLOBAL_UNICAST.check(address, 'ipv6') && !NOT_PUBLIC.check(address, 'ipv6');
}

/** Resolves a name, and gives the connection nothing but public addresses: what was checked is what is connected to. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const found = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = found;
    if (first === undefined) return callback(new Error(`${hostname} is no public address`), '');
    if (options.all) return callback(null, found);
    return callback(null, first.address, first.family);
  });
};

/** What may be sent to. */
export interface SenderOptions {
  /** Whether `http:` and addresses of this machine are taken too: on one machine, where the service is there itself. */
  readonly local: boolean;
}

/**
 * Sends by HTTPS to public addresses alone, so that no tenant can have the service ask what is private to it. Redirects are
 * not followed: they count as failures.
 */
export function httpsWebhookSender({ local }: SenderOptions): WebhookSender {
  const refusal = (text: string): string | undefined => {
    const url = URL.parse(text);
    if (url === null) return 'it is no URL';
    if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (local && ['127.0.0.1', 'localhost', '::1'].includes(host) && /^https?:$/.test(url.protocol)) {
      return undefined;
    }
    if (url.protocol !== 'https:') return `it begins with ${url.protocol}, expected https:`;
    if (isIP(host) !== 0 && !isPublicAddress(host)) return `${host} is no public address`;
    if (host === 'localhost' || host.endsWith('.localhost')) return `${host} is no public address`;
    return undefined;
  };
  return {
    refusal,
    send: (text, headers, body) => {
      const refused = refusal(text);
      if (refused !== undefined) return Promise.resolve({ error: `not sent: ${refused}` });
      const url = new URL(text);
      const isLocal = local && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
      const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
      return new Promise<SendResult>((resolve) => {
        const sent = request(url, {
          method: 'POST',
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          signal: AbortSignal.timeout(TIMEOUT_MS),
          ...(isLocal ? {} : { lookup: publicLookup }),
        });
        sent.on('response', (response) => {
          // What the receiver has to say is of no interest.
          response.destroy();
          resolve({ status: response.statusCode ?? 0 });
        });
        sent.on('error', (error) =>
          resolve({
            error: error.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : error.message,
          }),
        );
        sent.end(body);
      });
    },
  };
}
