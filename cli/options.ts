import { type Command, InvalidArgumentError } from 'commander';
import { nameSchema } from '../functions/contracts/workflow.ts';
import { wholeNumber } from './whole-number.ts';

const STACK_DEFAULTS = { data: '.tessella', port: 5001, tenant: 'default' } as const;

/** Parses a tenant or dataset name for commander. */
export function name(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`Please ${parsed.error.issues[0]?.message}.`);
  return parsed.data;
}

/** A command, such as `up`, on the stack of these options: what is at its default is left out. */
export function stackCommand(
  command: string,
  options: { data: string; port: number; tenant: string },
): string {
  const changed = (['data', 'port', 'tenant'] as const).filter((key) => options[key] !== STACK_DEFAULTS[key]);
  return [`tessella ${command}`, ...changed.map((key) => `--${key} ${options[key]}`)].join(' ');
}

/** Adds the options that every stack-booting command takes. */
export function withStackOptions(command: Command): Command {
  return command
    .option('--data <folder>', 'folder that keeps objects and tables between starts', STACK_DEFAULTS.data)
    .option('--port <number>', 'port of the API', wholeNumber(1, 65535), STACK_DEFAULTS.port)
    .option('--tenant <name>', 'tenant to work as', name, STACK_DEFAULTS.tenant);
}
