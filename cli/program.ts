import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { print, printNote, reportFailure } from './terminal.ts';

/** Loads what a command needs to be described, and hands over what adds it to the program. */
export type CommandLoader = () => Promise<(program: Command) => void>;

/**
 * Runs the command that `process.argv` asks for, and sets the exit code. Only that command's module is loaded; all are
 * where none is named, to list them.
 */
export async function runProgram(commands: Readonly<Record<string, CommandLoader>>): Promise<void> {
  const program = new Command('tessella')
    .description('Customer segmentation: drop a file, get named segments from an API.')
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printNote })
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

  try {
    const asked = process.argv[2] ?? '';
    const loaders = Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
    for (const load of loaders) (await load())(program);
    await program.parseAsync();
  } catch (error) {
    reportFailure(error, {
      json: process.argv.includes('--json'),
      trace: Boolean(process.env.TESSELLA_TRACE),
    });
  }
}
