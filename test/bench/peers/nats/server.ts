import { spawn } from 'node:child_process';
import type { Role } from '../../../processes/role.ts';
import { usageOf } from '../../../processes/usage-of.ts';

/** Keeps a nats-server, which ends when its keeper does. `program`: where it is. */
export async function start({ program }: { program: string }): Promise<Role> {
  const server = spawn(program, ['--addr', '127.0.0.1', '--port', '-1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = () => void server.kill('SIGKILL');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4000);
    const port = /client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    if (port) resolve(`127.0.0.1:${port}`);
  });
  server.once('error', reject);
  server.once('exit', () => reject(new Error(`nats-server ended:\n${log}`)));
  return { ready: { address: await promise }, usage: () => usageOf(server.pid!), close };
}
