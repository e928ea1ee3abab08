import type { ChildProcess } from 'node:child_process';
import type { Terminal } from './terminal.ts';

/**
 * Signals a process that was started in a group of its own, with all that it has started: a group lives as long as one
 * process in it. Answers whether anybody was there; the signal 0 asks only that.
 */
export function groupOf(
  { pid }: Pick<ChildProcess, 'pid'>,
  kill: Terminal['kill'],
): (signal: NodeJS.Signals | 0) => boolean {
  return (signal) => {
    if (pid === undefined) return false;
    try {
      kill(-pid, signal);
      return true;
    } catch {
      return false;
    }
  };
}
