import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import type { SegmentsPage } from '../functions/contracts/api.ts';
import { LABEL_FORMATS, type labelFileSchema } from '../functions/contracts/label-files.ts';
import { name, withStackOptions } from './options.ts';
import type { StackOptions } from './stack.ts';
import { RunFailedError } from './terminal.ts';

interface LabelOptions extends StackOptions {
  readonly dataset: string;
  readonly run?: string;
  readonly format: (typeof LABEL_FORMATS)[number];
  readonly escapeFormulas?: boolean;
  readonly out: string;
}

/** `tessella labels`: the segment of every customer, as a file for other tables to join. */
export function addLabelsCommand(program: Command): void {
  withStackOptions(program.command('labels'))
    .description('save the segment of every customer of a dataset as a file')
    .requiredOption('--dataset <name>', 'dataset, as it is served now', name)
    .option('--run <id>', 'labels of this run instead')
    .addOption(new Option('--format <name>', 'format of the file').choices([...LABEL_FORMATS]).default('csv'))
    .option('--escape-formulas', 'CSV for spreadsheets: ids that look like formulas get an apostrophe')
    .requiredOption('--out <file>', 'file to write; what it held is replaced')
    .action(saveLabels);
}

async function saveLabels(options: LabelOptions): Promise<void> {
  const [{ ApiClient }, { startStack }] = await Promise.all([import('./api.ts'), import('./stack.ts')]);
  const stack = await startStack(options, (line) => process.stderr.write(`${line}\n`));
  try {
    const api = new ApiClient(stack.cloud.apiUrl, stack.apiKey);
    const { dataset, format, out } = options;
    const runId =
      options.run ?? (await api.get<SegmentsPage>(`/v1/segments?dataset=${dataset}&limit=1`)).runId;
    const formulas = format === 'csv' && options.escapeFormulas ? '&formulas=escape' : '';
    const path = `/v1/runs/${encodeURIComponent(runId)}/labels?format=${format}${formulas}`;
    const file = await api.get<z.output<typeof labelFileSchema>>(path);
    const response = await fetch(file.url);
    if (!response.ok || !response.body) {
      throw new RunFailedError({
        type: 'about:blank',
        title: 'UnexpectedAnswer',
        status: 502,
        detail: `The store answered ${response.status} for ${file.fileName}. Try again.`,
      });
    }
    await pipeline(Readable.fromWeb(response.body), createWriteStream(out));
    process.stdout.write(`${out}: ${file.rows} labels of run ${runId}, ${file.bytes} bytes\n`);
  } finally {
    await stack.close();
  }
}
