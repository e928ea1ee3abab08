import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from './stage.ts';

const FIXTURE = resolve(import.meta.dirname, 'fixture.ts');
const stage = new Stage({ env: process.env });
afterEach(() => stage.kill());

describe('a process of the benchmark', () => {
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

  it('does not outlive the benchmark, even one that is killed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const env = { ...process.env, PORT: String((server.address() as AddressInfo).port) };
    const parent = spawn(process.execPath, [resolve(import.meta.dirname, 'parent.fixture.ts')], { env });
    const [held] = (await once(server, 'connection')) as [Socket];
    const released = once(held.on('error', () => {}).resume(), 'close');
    parent.kill('SIGKILL');
    await released;
    server.close();
  });
});
