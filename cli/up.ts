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
      const { runNotices } = await import('./run-notices.ts');
      const note = (line: string) => void process.stderr.write(`${line}\n`);
      const stack = await startStack(options, note, { onState: runNotices(note) });
      const { cloud, apiKey, customerApi } = stack;
      const credentials = cloud.adminCredentials;
      const bucket = stack.output('DataBucketName');
      if (options.json) {
        printJson({
          apiUrl: cloud.apiUrl,
          apiKey,
          customerApi,
          tenant: options.tenant,
          bucket,
          endpoints: cloud.endpoints,
          region: cloud.region,
          credentials,
        });
      } else {
        process.stdout.write(
          [
            `API   ${cloud.apiUrl}`,
            `key   ${apiKey}   (development key of tenant ${options.tenant})`,
            '',
            `curl ${cloud.apiUrl}/health`,
            `curl -H "X-API-Key: ${apiKey}" ${cloud.apiUrl}/v1/runs`,
            `curl -H "X-Customer-Api-Id: ${customerApi.id}" -H "X-Secret: ${customerApi.secret}" --json @body.json \\`,
            `     ${cloud.apiUrl}/api/v1/ai/segment_subsegment_explore`,
            '',
            'Files dropped into the bucket start runs. Address and credentials hold until the stack stops:',
            '',
            `export AWS_ENDPOINT_URL_S3=${cloud.endpoints.s3} AWS_REGION=${cloud.region}`,
            `export AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`,
            `aws s3 cp orders.csv s3://${bucket}/drop/${options.tenant}/orders/`,
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
