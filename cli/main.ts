import { runProgram } from './program.ts';
import { TABLE_COMMANDS } from './table-commands.ts';

await runProgram({
  run: async () => (await import('./run.ts')).addRunCommand,
  up: async () => (await import('./up.ts')).addUpCommand,
  sample: async () => (await import('./sample.ts')).addSampleCommand,
  ...TABLE_COMMANDS,
  quality: async () => (await import('./quality.ts')).addQualityCommand,
  datasets: async () => (await import('./datasets.ts')).addDatasetsCommand,
  keys: async () => (await import('./keys.ts')).addKeysCommand,
});
