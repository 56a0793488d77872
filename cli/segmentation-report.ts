import type { Command } from 'commander';
import type { RunSegmentationAnswer } from '../functions/contracts/api-segmentation-runs.ts';
import { name, withStackOptions } from './options.ts';
import { servedRun } from './served-run.ts';
import type { StackOptions } from './stack.ts';
import { printJson } from './terminal.ts';

interface ReportOptions extends StackOptions {
  readonly dataset: string;
  readonly json?: boolean;
}

/** `tessella report`: what a run of the stack on this machine found, in words and aggregates: no row, no id of anybody. */
export function addReportCommand(program: Command): void {
  withStackOptions(program.command('report'))
    .description('tell what a run found: segments of every algorithm, outliers, tree and advice; no rows')
    .argument('[run]', 'id of the run; default: the one whose segments the dataset serves')
    .option('--dataset <name>', 'dataset whose run is meant where none is named', name, 'orders')
    .option('--json', 'print machine-readable JSON, and nothing else, on stdout')
    .action(async (asked: string | undefined, options: ReportOptions) => {
      const [{ ApiClient }, { startStack }, { runText }] = await Promise.all([
        import('./api.ts'),
        import('./stack.ts'),
        import('./segments-text.ts'),
      ]);
      const stack = await startStack(options, (line) => process.stderr.write(`${line}\n`));
      try {
        const api = new ApiClient(stack.cloud.apiUrl, stack.apiKey);
        const runId = asked ?? (await servedRun(api, options.dataset));
        const path = `/v1/runs/${encodeURIComponent(runId)}/segmentation`;
        const answer = await api.get<RunSegmentationAnswer>(path);
        if (options.json) printJson(answer);
        else process.stdout.write(runText(answer));
      } finally {
        await stack.close();
      }
    });
}
