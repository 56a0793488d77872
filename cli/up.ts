import type { Command } from 'commander';
import { withStackOptions } from './options.ts';
import type { StackOptions } from './stack.ts';
import { printJson } from './terminal.ts';

/** `tessella up`: the stack stays up until Ctrl-C. */
export function addUpCommand(program: Command): void {
  withStackOptions(program.command('up'))
    .description('boot the stack on this machine and keep it up; files dropped into its bucket start runs')
    .option('--json', 'print machine-readable JSON once the stack is up')
    .action(async (options: StackOptions & { json?: boolean }) => {
      const { startStack, untilInterrupted } = await import('./stack.ts');
      const stack = await startStack(options, (line) => process.stderr.write(`${line}\n`));
      const { cloud, apiKey } = stack;
      const bucket = stack.output('DataBucketName');
      if (options.json) {
        printJson({
          apiUrl: cloud.apiUrl,
          apiKey,
          tenant: options.tenant,
          bucket,
          endpoints: cloud.endpoints,
        });
      } else {
        process.stdout.write(
          [
            `API          ${cloud.apiUrl}`,
            `key          ${apiKey}   (development key of tenant ${options.tenant})`,
            `drop files   s3://${bucket}/drop/${options.tenant}/orders/`,
            `             endpoint ${cloud.endpoints.s3}`,
            '',
            `curl ${cloud.apiUrl}/health`,
            `curl -H "X-API-Key: ${apiKey}" ${cloud.apiUrl}/v1/runs`,
            '',
            'Ctrl-C stops it; the data stays.',
            '',
          ].join('\n'),
        );
      }
      await untilInterrupted();
      await stack.close();
    });
}
