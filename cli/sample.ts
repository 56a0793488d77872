import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { InvalidRequestError } from '../functions/errors.ts';
import { type SampleOptions, sampleOrders } from './orders.ts';
import { count, printJson } from './terminal.ts';
import { wholeNumber } from './whole-number.ts';

/** What was written. */
export interface SampleResult {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

const CHUNK = 1 << 16;

/** Writes generated orders to a file; the file appears whole or not at all. */
export async function writeSample(file: string, options: SampleOptions): Promise<SampleResult> {
  if ((await stat(file).catch(() => undefined))?.isDirectory())
    throw new InvalidRequestError(`${file} is a folder: name a file to write.`, { file });
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.partial`;
  const output = createWriteStream(partial);
  let rows = -1; // the header is no row
  let bytes = 0;
  try {
    let chunk = '';
    const flush = async () => {
      bytes += Buffer.byteLength(chunk);
      if (!output.write(chunk)) await once(output, 'drain');
      chunk = '';
    };
    for (const text of sampleOrders(options)) {
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) rows++;
      chunk += text;
      if (chunk.length >= CHUNK) await flush();
    }
    await flush();
    output.end();
    await finished(output);
    await rename(partial, file);
  } catch (error) {
    output.destroy();
    await rm(partial, { force: true });
    throw error;
  }
  return { file, rows, bytes };
}

/** `tessella sample`: realistic orders for the first five minutes. */
export function addSampleCommand(program: Command): void {
  program
    .command('sample')
    .description('write realistic generated orders (heavy-tailed spend, seasons, returns, guests) as CSV')
    .requiredOption('--out <file>', 'file to write')
    .option('--customers <number>', 'customers with at least one order', wholeNumber(1, 10_000_000), 3000)
    .option('--seed <number>', 'equal seeds give equal files', wholeNumber(0, 0xffffffff), 42)
    .option('--json', 'print machine-readable JSON')
    .action(async (options: { out: string; customers: number; seed: number; json?: boolean }) => {
      const result = await writeSample(options.out, options);
      if (options.json) printJson({ ...result, customers: options.customers, seed: options.seed });
      else
        process.stdout.write(
          `${result.file}: ${count(result.rows)} rows, ${count(options.customers)} customers\n`,
        );
    });
}
