import { isMainThread, parentPort } from 'node:worker_threads';
import { TessellaError } from '../../functions/errors.ts';
import { memorySource } from '../../functions/tables/table-source.ts';
import { reportOf } from './read-cells.ts';

/** How reading damaged bytes ended: `read`, the name of a typed error, or the text of one that is not. */
export interface Outcome {
  readonly kind: 'read' | 'typed' | 'untyped';
  readonly text: string;
}

/** Runs in a worker: reads each table that it is sent, and answers how that ended. */
if (!isMainThread && parentPort) {
  const port = parentPort;
  port.on('message', async ({ file, bytes }: { file: string; bytes: Uint8Array }) => {
    let outcome: Outcome;
    try {
      const { nRows } = await reportOf(memorySource(file, bytes));
      outcome = { kind: 'read', text: `${nRows} rows` };
    } catch (error) {
      outcome =
        error instanceof TessellaError
          ? { kind: 'typed', text: error.name }
          : {
              kind: 'untyped',
              text: error instanceof Error ? (error.stack ?? error.message) : String(error),
            };
    }
    port.postMessage(outcome);
  });
}
