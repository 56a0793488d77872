import { TessellaError } from '../errors.ts';

/** Value of an environment variable. @throws TessellaError when it is not set */
export function requiredSetting(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value) return value;
  throw new TessellaError(
    `The environment variable ${name} is not set. The stack that deploys this function must set it.`,
  );
}
