import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Supervisor, type SupervisorOptions } from '../../../services/cli/mesh/supervisor.ts';
import { Code } from '../../../services/rpc/code.ts';
import { Recorder } from '../recorder.ts';

const started: Supervisor[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.kill()));
});

/** A supervisor whose output is recorded. */
function supervise(options: Partial<SupervisorOptions> = {}) {
  const stdout = new Recorder();
  const stderr = new Recorder();
  const supervisor = new Supervisor({
    kill: process.kill,
    names: ['reader', 'editor', 'orchestrator'],
    stdout,
    stderr,
    ...options,
  });
  started.push(supervisor);
  return { supervisor, stdout, stderr };
}

/** A process that runs a piece of JavaScript. */
function script(name: string, code: string) {
  const role = name === 'orchestrator' ? ('orchestrator' as const) : ('agent' as const);
  const env = { PATH: process.env.PATH, GREETING: 'hello' };
  return { name, role, command: [process.execPath, '-e', code], env, cwd: import.meta.dirname };
}

const FOR_EVER = 'setInterval(() => {}, 1000);';
const SAYS_READY =
  'console.log(JSON.stringify({ ready: true, address: "127.0.0.1:4123", http: "127.0.0.1:4124" }));';

describe('what a process writes', () => {
  it('comes line by line, labelled with its name', async () => {
    const { supervisor, stdout, stderr } = supervise();
    supervisor
      .start(script('reader', `process.stderr.write("three"); console.log("one\\ntwo"); ${FOR_EVER}`))
      .catch(() => {});
    await stdout.until(/two/);
    await supervisor.drain();
    expect(stdout.lines).toEqual(['reader       | one', 'reader       | two']);
    expect(stderr.lines[0]).toBe('reader       | three');
  });

  it('is coloured where the stream is a terminal', async () => {
    const stdout = Object.assign(new Recorder(), { isTTY: true });
    const { supervisor } = supervise({ stdout });
    supervisor.start(script('reader', 'console.log("one")')).catch(() => {});
    await stdout.until(/one/);
    expect(stdout.lines[0]).toBe('\u001b[36mreader       |\u001b[39m one');
  });

  it('waits for a slow stream instead of piling up', async () => {
    const all = Promise.withResolvers<void>();
    let most = 0;
    let lines = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write(_chunk, _encoding, written) {
        lines += 1;
        most = Math.max(most, this.writableLength);
        if (lines === 5000) all.resolve();
        setImmediate(written);
      },
    });
    const { supervisor } = supervise({ stdout: slow });
    const code = `for (let i = 0; i < 5000; i++) console.log("x".repeat(99)); ${FOR_EVER}`;
    supervisor.start(script('reader', code)).catch(() => {});
    await all.promise;
    expect(most).toBeLessThan(1024 + 200);
  });

  it('is not held back for want of a line end', async () => {
    const { supervisor, stdout } = supervise();
    supervisor
      .start(script('reader', `process.stdout.write("x".repeat(200_000)); ${FOR_EVER}`))
      .catch(() => {});
    await stdout.until(/\| x{65537,}/);
  });
});

describe('a process that is ready', () => {
  it('is known by the line that says so, which is not shown', async () => {
    const { supervisor, stdout } = supervise();
    const ready = supervisor.start(script('reader', `${SAYS_READY} console.log("after"); ${FOR_EVER}`));
    expect(await ready).toEqual({ ready: true, address: '127.0.0.1:4123', http: '127.0.0.1:4124' });
    await stdout.until(/after/);
    expect(stdout.lines).toEqual(['reader       | after']);
  });

  it('is not taken from JSON that says something else', async () => {
    const { supervisor, stdout } = supervise();
    const lines = ['{"ready":true}', '{"ready":true,', '{"ready":false,"address":"a:1"}'];
    const code = `${lines.map((line) => `console.log('${line}');`).join('')} ${SAYS_READY} ${FOR_EVER}`;
    await supervisor.start(script('reader', code));
    expect(stdout.lines).toEqual(lines.map((line) => `reader       | ${line}`));
  });

  it('may become so only after it was started again', async () => {
    const { supervisor } = supervise({ firstBackoffMs: 1 });
    const folder = await mkdtemp(join(tmpdir(), 'troupe-supervisor-'));
    const code = `
      const fs = require('node:fs');
      if (!fs.existsSync('died')) { fs.writeFileSync('died', ''); process.exit(1); }
      ${SAYS_READY} ${FOR_EVER}`;
    const ready = await supervisor.start({ ...script('reader', code), cwd: folder });
    expect(ready.address).toBe('127.0.0.1:4123');
    await rm(folder, { recursive: true });
  });

  it('fails CANCELLED where it is stopped before', async () => {
    const { supervisor } = supervise();
    const ready = supervisor.start(script('reader', FOR_EVER));
    await Promise.all([supervisor.drain(), expect(ready).rejects.toMatchObject({ code: Code.CANCELLED })]);
  });
});

describe('a process that dies', () => {
  it.each([
    ['that exits', 'process.exit(3)', 'exited with code 3'],
    ['that is killed', 'process.kill(process.pid, "SIGKILL")', 'was ended by SIGKILL'],
  ])('is started again, and one line tells how it ended: one %s', async (_, code, how) => {
    const { supervisor, stdout, stderr } = supervise({ firstBackoffMs: 1 });
    supervisor.start(script('reader', `console.log(process.env.GREETING); ${code}`)).catch(() => {});
    await stdout.until(/hello/, 2);
    expect(stderr.lines[0]).toMatch(
      new RegExp(`^reader       \\| ${how} after \\d+\\.\\d s; starts again in 0\\.0 s$`),
    );
  });

  it('is told of when it cannot be started at all', async () => {
    const { supervisor, stderr } = supervise({ firstBackoffMs: 1 });
    supervisor.start({ ...script('reader', ''), command: ['./no-such-program'] }).catch(() => {});
    await stderr.until(/could not be started: spawn \.\/no-such-program ENOENT/, 2);
  });

  it('waits twice as long each time, up to the longest wait', async () => {
    const { supervisor, stderr } = supervise({ firstBackoffMs: 100, maxBackoffMs: 200 });
    supervisor.start({ ...script('reader', ''), command: ['./no-such-program'] }).catch(() => {});
    await stderr.until(/starts again/, 3);
    expect(stderr.lines.map((line) => line.split('starts again in ')[1])).toEqual([
      '0.1 s',
      '0.2 s',
      '0.2 s',
    ]);
  });

  it('waits the shortest time again once it lived long enough', async () => {
    const { supervisor, stderr } = supervise({ firstBackoffMs: 100, steadyAfterMs: 0 });
    supervisor.start({ ...script('reader', ''), command: ['./no-such-program'] }).catch(() => {});
    await stderr.until(/starts again/, 2);
    expect(stderr.lines.map((line) => line.split('starts again in ')[1])).toEqual(['0.1 s', '0.1 s']);
  });
});

describe('drain', () => {
  const leaving = (farewell: string) => `
    process.on('SIGTERM', () => setTimeout(() => { console.log('${farewell}'); process.exit(); }, 50));
    ${SAYS_READY} ${FOR_EVER}`;

  it('ends every agent before the orchestrator, and has nothing to tell where all went well', async () => {
    const { supervisor, stdout, stderr } = supervise();
    await Promise.all([
      supervisor.start(script('orchestrator', leaving('last'))),
      supervisor.start(script('reader', leaving('first'))),
      supervisor.start(script('editor', leaving('first'))),
    ]);
    await supervisor.drain();
    expect(stdout.lines.map((line) => line.split('| ')[1])).toEqual(['first', 'first', 'last']);
    expect(stderr.lines).toEqual([]);
  });

  it('kills what does not end within the grace', async () => {
    const { supervisor, stderr } = supervise({ graceMs: 50 });
    await supervisor.start(script('reader', `process.on('SIGTERM', () => {}); ${SAYS_READY} ${FOR_EVER}`));
    await supervisor.drain();
    expect(stderr.lines).toEqual(['reader       | was ended by SIGKILL']);
  });

  it('does not wait for a process that is about to be started again, and starts nothing more', async () => {
    const { supervisor, stdout, stderr } = supervise({ firstBackoffMs: 3_600_000 });
    supervisor.start(script('reader', 'console.log("once")')).catch(() => {});
    await stderr.until(/starts again/);
    await supervisor.drain();
    await expect(supervisor.start(script('editor', ''))).rejects.toMatchObject({ code: Code.CANCELLED });
    expect(stdout.lines).toEqual(['reader       | once']);
  });

  it('does not wait for what a process left behind with its output open', async () => {
    const { supervisor, stdout } = supervise();
    const code = `
      const left = require('node:child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true });
      console.log(left.pid); ${SAYS_READY} ${FOR_EVER}`;
    await supervisor.start(script('reader', code));
    await supervisor.drain();
    process.kill(Number(stdout.lines[0]?.split('| ')[1]));
  });

  it('can be cut short', async () => {
    const { supervisor, stderr } = supervise({ graceMs: 3_600_000 });
    await supervisor.start(script('reader', `process.on('SIGTERM', () => {}); ${SAYS_READY} ${FOR_EVER}`));
    const drained = supervisor.drain();
    await supervisor.kill();
    await drained;
    expect(stderr.lines).toEqual(['reader       | was ended by SIGKILL']);
  });
});
