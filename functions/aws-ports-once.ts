import type { Ports } from './ports.ts';

let opened: Promise<Ports> | undefined;

/** Ports on AWS, made once per process. Imported on first use: tests with other ports load no SDK. */
export function awsPortsOnce(): Promise<Ports> {
  opened ??= import('./adapters/aws-ports.ts').then(({ awsPorts }) => awsPorts());
  return opened;
}
