import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Role } from './role.ts';

/**
 * A process that a test asks for what no process should do. `port`: where it holds a connection while it lives;
 * `keptPort`: where a program that it keeps does.
 */
export function start(options: { port?: number; keptPort?: number; failing?: boolean }): Role {
  if (options.failing) throw new Error('it cannot begin');
  if (options.port) connect(options.port, '127.0.0.1');
  const kept = options.keptPort && spawn(process.execPath, ['-e', `net.connect(${options.keptPort})`]);
  return {
    ready: { pid: process.pid },
    ...(kept && { close: () => void kept.kill('SIGKILL') }),
    commands: {
      echo: (said: unknown) => said,
      fail() {
        throw new Error('it cannot be done');
      },
      die() {
        process.stderr.write('these are the last words\n');
        process.exit(7);
      },
      hang: () => new Promise(() => {}),
    },
  };
}
