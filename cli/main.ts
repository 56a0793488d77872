import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addClusterCommand } from './cluster.ts';
import { addKeysCommand } from './keys.ts';
import { addRunCommand } from './run.ts';
import { addSampleCommand } from './sample.ts';
import { EXIT, reportFailure } from './terminal.ts';
import { addUpCommand } from './up.ts';

const program = new Command('tessella')
  .description('Customer segmentation: drop a file, get named segments from an API.')
  .version(packageJson.version)
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ sortSubcommands: false })
  // Inherited by the commands added below.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT.usage));

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
