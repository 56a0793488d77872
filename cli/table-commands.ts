import type { CommandLoader } from './program.ts';

/** Commands that work on a table alone, without a stack: they start from one bundle, in no time. */
export const TABLE_COMMANDS: Readonly<Record<'cluster' | 'inspect' | 'segments', CommandLoader>> = {
  cluster: async () => (await import('./cluster.ts')).addClusterCommand,
  inspect: async () => (await import('./inspect.ts')).addInspectCommand,
  segments: async () => (await import('./segments.ts')).addSegmentsCommand,
};
