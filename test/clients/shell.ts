import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ROOT, TOOLS_ENV } from './tools.ts';

/** What a command wrote, and how it ended. */
export interface Ran {
  stdout: string;
  stderr: string;
  /** Its exit code; null where it was ended once it had written what was waited for. */
  code: number | null;
}

/**
 * Runs a program to its end, in the root of the repository; or, of one that does not end by itself, until its
 * standard output meets `until`.
 */
export async function runTool(command: readonly string[], until?: RegExp): Promise<Ran> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: TOOLS_ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ran: Ran = { stdout: '', stderr: '', code: null };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    ran.stdout += text;
    if (until?.test(ran.stdout)) endGroup(child);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    ran.stderr += text;
  });
  [ran.code] = await once(child, 'close');
  return ran;
}

/** The commands of npm and of a shell run others, which have to end with them. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
