import { runProgram } from './program.ts';
import { TABLE_COMMANDS } from './table-commands.ts';

// The program that `npm run build` bundles, see `infra/bundle-cli.ts`.
await runProgram(TABLE_COMMANDS);
