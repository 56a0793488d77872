import { KernelError } from '../errors.ts';

/** What a kernel that can fail returns below zero; zero and above are its result. */
const REASONS: Readonly<Record<number, string>> = {
  [-1]: 'an argument is out of its range',
  [-2]: 'the scratch memory handed in is too small',
  [-3]: 'it did not end within its iteration limit',
};

/**
 * Passes a kernel's result through.
 * @throws KernelError for a negative one, naming kernel and reason
 */
export function checkStatus(kernel: string, result: number): number {
  if (result >= 0) return result;
  const reason = REASONS[result] ?? 'the status is not a known one';
  throw new KernelError(`Kernel ${kernel} refused its arguments with status ${result}: ${reason}.`, {
    reason: 'kernel_status',
    kernel,
  });
}
