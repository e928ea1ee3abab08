import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RpcServer } from '../../services/rpc/server.ts';

const MAIN = resolve(import.meta.dirname, '../../services/cli/probe/main.ts');

let server: RpcServer;
let port: string;
beforeEach(async () => {
  server = new RpcServer({ services: [] });
  port = (await server.listen('127.0.0.1:0')).split(':')[1] ?? '';
});
afterEach(() => server.close());

/** Runs the probe as a container does. */
function probe(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stderr: string }>((done) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env }, (_error, _stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stderr }),
    );
  });
}

describe('the probe', () => {
  it('ends with 0 where the server serves', async () => {
    expect(await probe([`127.0.0.1:${port}`])).toEqual({ code: 0, stderr: '' });
  });

  it.each(['0.0.0.0', ''])(
    'asks the server of its own container, which listens at %s, where it is told no address',
    async (host) => {
      expect(await probe([], { TROUPE_LISTEN: `${host}:${port}` })).toEqual({ code: 0, stderr: '' });
    },
  );

  it('ends with 1 where nobody listens, and says so', async () => {
    await server.close();
    const { code, stderr } = await probe([`127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('UNAVAILABLE');
  });

  it('ends with 1 for what is no address, and says what one looks like', async () => {
    const { code, stderr } = await probe(['localhost']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'INVALID_ARGUMENT: "localhost" is no address: write host:port, with an IPv6 host in brackets\n',
    );
  });
});
