import { connect } from 'node:net';
import type { Role } from './role.ts';

/** A process that a test asks for what no process should do. `port`: where it holds a connection while it lives. */
export function start({ port, failing }: { port?: number; failing?: boolean }): Role {
  if (failing) throw new Error('it cannot begin');
  if (port) connect(port, '127.0.0.1');
  return {
    ready: { pid: process.pid },
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
