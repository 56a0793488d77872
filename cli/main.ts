import { runProgram } from './program.ts';
import { TABLE_COMMANDS } from './table-commands.ts';

// Whoever reads us may stop early (`tessella run … | head`): what we still have to do goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await runProgram({
  run: async () => (await import('./run.ts')).addRunCommand,
  up: async () => (await import('./up.ts')).addUpCommand,
  sample: async () => (await import('./sample.ts')).addSampleCommand,
  ...TABLE_COMMANDS,
  report: async () => (await import('./segmentation-report.ts')).addReportCommand,
  quality: async () => (await import('./quality.ts')).addQualityCommand,
  datasets: async () => (await import('./datasets.ts')).addDatasetsCommand,
  labels: async () => (await import('./labels.ts')).addLabelsCommand,
  keys: async () => (await import('./keys.ts')).addKeysCommand,
});
