import { setTimeout as pause } from 'node:timers/promises';
import type { AgentProcess } from '../../verify/index.ts';
import type { Terminal } from '../terminal.ts';

/** How often it is looked whether the process is still there, in milliseconds. */
const LOOK_MS = 50;

/** A process that somebody else started, by its number. How it ended nobody but its parent is told. */
export function pidProcess(pid: number, { kill }: Pick<Terminal, 'kill'>): AgentProcess {
  const { promise: exited, resolve } = Promise.withResolvers<string>();
  return {
    exited,
    terminate() {
      kill(pid, 'SIGTERM');
      void untilGone(pid, kill).then(() => resolve(`process ${pid} has ended`));
    },
  };
}

async function untilGone(pid: number, kill: Terminal['kill']): Promise<void> {
  // The signal 0 asks only whether somebody is there to get one.
  for (;;) {
    try {
      kill(pid, 0);
    } catch {
      return;
    }
    await pause(LOOK_MS, undefined, { ref: false });
  }
}
