import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type SmallMesh, startSmallMesh } from './small-mesh.ts';

const MAIN = resolve(import.meta.dirname, '../../services/cli/main.ts');

let mesh: SmallMesh;
beforeAll(async () => {
  mesh = await startSmallMesh();
});
afterAll(() => mesh.close());

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts `troupe` as people do. */
function troupe(...args: string[]): ChildProcessWithoutNullStreams {
  const env = { ...process.env, TROUPE_ORCHESTRATOR: mesh.orchestrator.address };
  const child = spawn(process.execPath, [MAIN, ...args], { env });
  started.push(child);
  return child;
}

/** Starts `troupe` so that its standard output goes to a file that is open. */
function troupeInto(file: number, ...args: string[]) {
  const env = { ...process.env, TROUPE_ORCHESTRATOR: mesh.orchestrator.address };
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', file, 'pipe'] });
  started.push(child);
  return { child, stderr: text(child.stderr as Readable) };
}

describe('the process', () => {
  it('asks the orchestrator that its environment names, and ends by itself', async () => {
    const child = troupe('dispatch', 'text.upper', '-d', '@-');
    child.stdin.end('{"text": "hello"}');
    const [code, stdout, stderr] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout),
      text(child.stderr),
    ]);
    expect({ code, stdout, stderr }).toEqual({ code: [0, null], stdout: 'HELLO\n', stderr: '' });
  });

  it('ends by itself when it has verified an agent that lives on', async () => {
    const child = troupe('verify', mesh.agent.address, '--only', 'link', '--only', 'describe');
    child.stdout.resume();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends quietly when whoever reads it leaves', async () => {
    const child = troupe('tail', '--last', '0');
    const stderr = text(child.stderr);
    const ended = once(child, 'exit');
    const exited = { yet: false };
    ended.then(() => {
      exited.yet = true;
    });
    child.stdout.destroy();
    while (!exited.yet) await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}']);
    expect(await ended).toEqual([0, null]);
    expect(await stderr).toBe('');
  });

  // Linux has a device that is always full.
  it.runIf(existsSync('/dev/full')).each(['--help', 'agents', 'agents -o json', 'agents --watch', 'tail'])(
    'ends with 1, and says why, where what it tells cannot be written: %s',
    async (line) => {
      const full = openSync('/dev/full', 'w');
      const { child, stderr } = troupeInto(full, ...line.split(' '));
      closeSync(full);
      await mesh.run(['dispatch', 'text.upper', '-d', '{"text": "x"}']);
      expect(await once(child, 'exit')).toEqual([1, null]);
      expect(await stderr).toMatch(/^error: Standard output cannot be written: ENOSPC.*\(DATA_LOSS\)\n$/);
    },
  );

  it.each(['SIGINT', 'SIGTERM'] as const)('cancels its task at %s, and ends with 130', async (signal) => {
    const child = troupe('dispatch', 'text.wait', '--stream');
    await once(child.stderr, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([130, null]);
    if (!mesh.cancelled.aborted) await once(mesh.cancelled, 'abort');
  });

  it('ends with 2 for a command that it does not know, and says which was meant', async () => {
    const child = troupe('dispach');
    const [code, stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    expect(code).toEqual([2, null]);
    expect(stderr).toBe("error: unknown command 'dispach'\n(Did you mean dispatch?)\n");
  });
});
