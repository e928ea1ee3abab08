import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Child } from './child.ts';
import { Stage } from './stage.ts';

const FIXTURE = resolve(import.meta.dirname, 'fixture.ts');
const stage = new Stage({ root: import.meta.dirname, env: process.env });
afterEach(() => stage.kill());

describe('a process of a stage', () => {
  it('answers what it is asked, tells what it has used, and leaves when it is let go', async () => {
    const child = await stage.start(FIXTURE);
    expect(await child.ask('echo', { said: 'this' })).toEqual({ said: 'this' });
    const { cpuUs, rssBytes } = await child.usage();
    expect(cpuUs).toBeGreaterThan(0);
    expect(rssBytes).toBeGreaterThan(0);
    const pid = await child.told<number>('pid');
    await stage.end([child]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('that cannot begin says why', async () => {
    await expect(stage.start(FIXTURE, { failing: true })).rejects.toThrow('it cannot begin');
  });

  it('that fails at something lives on', async () => {
    const child = await stage.start(FIXTURE);
    await expect(child.ask('fail')).rejects.toThrow('it cannot be done');
    expect(await child.ask('echo', 1)).toBe(1);
  });

  it('that dies fails what was asked of it, with its last words, and whatever is asked later', async () => {
    const child = await stage.start(FIXTURE);
    await expect(child.ask('die')).rejects.toThrow(/it ended with code 7.*these are the last words/s);
    await expect(child.ask('echo')).rejects.toThrow('is gone');
  });

  it('that hangs fails what was asked of it when its time is up', async () => {
    const child = await stage.start(FIXTURE);
    await expect(child.ask('hang', {}, 1)).rejects.toThrow('did not answer "hang" within 1 ms');
  });

  it('does not outlive who started it, even one that is killed', async () => {
    const { port, held } = await holder();
    const env = { ...process.env, PORT: String(port) };
    const parent = spawn(process.execPath, [resolve(import.meta.dirname, 'parent.fixture.ts')], { env });
    const released = once(await held, 'close');
    parent.kill('SIGKILL');
    await released;
  });

  it.each([
    ['let go', (child: Child) => stage.end([child])],
    ['killed', (child: Child) => child.kill()],
  ])('that keeps another program ends it when it is %s', async (_, end) => {
    const { port, held } = await holder();
    const child = await stage.start(FIXTURE, { keptPort: port });
    const released = once(await held, 'close');
    await end(child);
    await released;
  });
});

/** A server that takes one connection: the connection ends with the process that holds it. */
async function holder(): Promise<{ port: number; held: Promise<Socket> }> {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const held = once(server, 'connection').then(([socket]: Socket[]) =>
    socket!.on('error', () => {}).resume(),
  );
  return { port: (server.address() as AddressInfo).port, held };
}
