import type { Command } from 'commander';
import type { QualityAnswer } from '../functions/contracts/quality.ts';
import type { ApiClient } from './api.ts';
import { name, withStackOptions } from './options.ts';
import { servedRun } from './served-run.ts';
import type { StackOptions } from './stack.ts';
import { printJson } from './terminal.ts';

interface QualityOptions extends StackOptions {
  readonly dataset: string;
  readonly json?: boolean;
}

/** `tessella quality`: what was read for a run of the stack on this machine, what was left out, and how it moved. */
export function addQualityCommand(program: Command): void {
  withStackOptions(program.command('quality'))
    .description('report on the quality of the data of a run: rows, columns, features, drift')
    .argument('[run]', 'id of the run; default: the one whose segments the dataset serves')
    .option('--dataset <name>', 'dataset whose run is meant where none is named', name, 'orders')
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .action(async (runId: string | undefined, options: QualityOptions) => {
      const [{ ApiClient: Client }, { startStack }, { qualityText }] = await Promise.all([
        import('./api.ts'),
        import('./stack.ts'),
        import('./quality-text.ts'),
      ]);
      const stack = await startStack(options, (line) => process.stderr.write(`${line}\n`));
      try {
        const api = new Client(stack.cloud.apiUrl, stack.apiKey);
        const id = runId ?? (await servedRun(api, options.dataset));
        const answer = await api.get<QualityAnswer>(`/v1/runs/${encodeURIComponent(id)}/quality`);
        if (options.json) printJson(answer);
        else process.stdout.write(qualityText(answer, await rejectedKey(api, id)));
      } finally {
        await stack.close();
      }
    });
}

const rejectedKey = async (api: ApiClient, runId: string): Promise<string | undefined> =>
  (await api.run(runId)).artifacts?.find((artifact) => artifact.name === 'rejected_rows.arrow')?.key;
