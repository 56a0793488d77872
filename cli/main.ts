import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addClusterCommand } from './cluster.ts';
import { addKeysCommand } from './keys.ts';
import { addRunCommand } from './run.ts';
import { addSampleCommand } from './sample.ts';
import { reportFailure } from './terminal.ts';
import { addUpCommand } from './up.ts';

const program = new Command('tessella')
  .description('Customer segmentation: drop a file, get named segments from an API.')
  .version(packageJson.version)
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ sortSubcommands: false });

addRunCommand(program);
addUpCommand(program);
addSampleCommand(program);
addClusterCommand(program);
addKeysCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  reportFailure(error);
}
