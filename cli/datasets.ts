import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidRequestError } from '../functions/errors.ts';
import { name, withStackOptions } from './options.ts';
import type { StackOptions } from './stack.ts';
import { printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

interface VersionOptions extends StackOptions {
  readonly version?: number;
  readonly expectedVersion?: number;
}

/** `tessella datasets`: configurations of the datasets in the stack on this machine. */
export function addDatasetsCommand(program: Command): void {
  const datasets = program
    .command('datasets')
    .description('configurations of datasets: list, get, put, delete');
  const version = wholeNumber(0, 999_999_999);

  withStackOptions(datasets.command('list'))
    .description('print the datasets of the tenant as JSON')
    .action((options: StackOptions) => call(options, 'GET', '/v1/datasets?limit=100'));
  withStackOptions(datasets.command('get'))
    .description('print the configuration of a dataset as JSON, or what was inferred while none is saved')
    .argument('<dataset>', 'name of the dataset', name)
    .option('--version <number>', 'a version of old', version)
    .action((dataset: string, options: VersionOptions) =>
      call(options, 'GET', `/v1/datasets/${dataset}${query('version', options.version)}`),
    );
  withStackOptions(datasets.command('put'))
    .description('save a configuration as a new version')
    .argument('<dataset>', 'name of the dataset', name)
    .argument('<file>', 'the configuration: JSON, as "get" prints it under "config"')
    .option('--expected-version <number>', 'fail unless this version is saved now; 0: none', version)
    .action(async (dataset: string, file: string, options: VersionOptions) => {
      const config = await readConfig(file);
      const path = `/v1/datasets/${dataset}${query('expectedVersion', options.expectedVersion)}`;
      await call(options, 'PUT', path, config);
    });
  withStackOptions(datasets.command('delete'))
    .description('delete a configuration; what is served stays')
    .argument('<dataset>', 'name of the dataset', name)
    .option('--expected-version <number>', 'fail unless this version is saved now', version)
    .action((dataset: string, options: VersionOptions) =>
      call(options, 'DELETE', `/v1/datasets/${dataset}${query('expectedVersion', options.expectedVersion)}`),
    );
}

const query = (field: string, value: number | undefined) => (value === undefined ? '' : `?${field}=${value}`);

async function readConfig(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidRequestError(`The file ${file} cannot be read: check the path.`, { file }, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequestError(`${file} is not JSON: ${(cause as Error).message}.`, { file }, { cause });
  }
}

async function call(options: StackOptions, method: string, path: string, body?: unknown): Promise<void> {
  const [{ ApiClient }, { startStack }] = await Promise.all([import('./api.ts'), import('./stack.ts')]);
  const stack = await startStack(options, (line) => process.stderr.write(`${line}\n`));
  try {
    printJson(await new ApiClient(stack.cloud.apiUrl, stack.apiKey).call(method, path, body));
  } finally {
    await stack.close();
  }
}
