import { fstatSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** A line that says what is being done. */
export interface StageDisplay {
  show(stage: string): void;
  clear(): void;
}

const STDERR = 2;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows stages in place, one after the other, on a terminal; elsewhere nothing. Written at once, for work that blocks. */
export function stageDisplay(
  output: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean },
): StageDisplay {
  if (!output.isTTY) return { show() {}, clear() {} };
  let isShown = false;
  return {
    show(stage) {
      output.write(`${CLEAR_LINE}${stage}`);
      isShown = true;
    },
    clear() {
      if (isShown) output.write(CLEAR_LINE);
      isShown = false;
    },
  };
}

/** As `stageDisplay`, on stderr. A terminal is a device: what is none need not load the stream to be asked. */
export function stageOnStderr(): StageDisplay {
  return stageDisplay(fstatSync(STDERR).isCharacterDevice() ? process.stderr : { write: () => true });
}
