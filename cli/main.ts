import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addClusterCommand } from './cluster.ts';
import { addDatasetsCommand } from './datasets.ts';
import { addInspectCommand } from './inspect.ts';
import { addKeysCommand } from './keys.ts';
import { addRunCommand } from './run.ts';
import { addSampleCommand } from './sample.ts';
import { reportFailure } from './terminal.ts';
import { addUpCommand } from './up.ts';

const program = new Command('tessella')
  .description('Customer segmentation: drop a file, get named segments from an API.')
  .version(packageJson.version)
  .exitOverride()
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    `
First steps:
  tessella sample --out orders.csv     write orders to try it with
  tessella run orders.csv              segment their customers
  tessella up                          serve the API and wait for files

Exit codes: 0 done, 1 the work failed, 2 the command line or a file named on it is wrong.
TESSELLA_TRACE=1 shows where in the program an error arose.`,
  );

addRunCommand(program);
addUpCommand(program);
addSampleCommand(program);
addClusterCommand(program);
addInspectCommand(program);
addDatasetsCommand(program);
addKeysCommand(program);

// Whoever reads us may stop early (`tessella run … | head`): what we still have to do goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error, {
    json: process.argv.includes('--json'),
    trace: Boolean(process.env.TESSELLA_TRACE),
  });
}
