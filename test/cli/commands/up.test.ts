import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Running, run, start } from '../command-line.ts';

const SERVICES = resolve(import.meta.dirname, '../../../services');

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'troupe-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const started: Running[] = [];
afterEach(async () => {
  for (const { interrupt, kill, ended } of started.splice(0)) {
    interrupt();
    kill();
    await ended;
  }
});

/** Starts a mesh, and answers it with the address of its orchestrator once all of its agents are ready. */
async function up(args: readonly string[], env: Record<string, string> = {}) {
  const running = start(['up', ...args, '--listen', '127.0.0.1:0'], { cwd, env });
  started.push(running);
  await running.stdout.until(/ Ready: | No agents /);
  const [, address = ''] = /listens at (\S+)\. /.exec(running.stdout.text) ?? [];
  return { ...running, address };
}

describe('up', () => {
  it('starts the crew where no file describes a mesh', {
    timeout: 60_000,
  }, async () => {
    // What is meant for this process is not handed on: all would listen at the same address.
    const { address, stdout, interrupt, ended } = await up([], { TROUPE_LISTEN: '127.0.0.1:1' });
    expect(stdout.text).toContain(`In another terminal: troupe agents -O ${address}`);
    expect(stdout.text).toContain('Ready: reader, analyst, summarizer, illustrator, editor.');

    await writeFile(join(cwd, 'cats.md'), '# Cats\n\nCats sleep. Dogs run around the park every day.\n');
    const read = await run(['send', 'reader', '--attach', 'cats.md', '-O', address], { cwd });
    expect(JSON.parse(read.stdout)).toMatchObject({ title: 'Cats', kind: 'markdown' });

    interrupt();
    expect(await ended).toBe(0);
    expect(stdout.lines.at(-1)).toMatch(/^troupe {7}\| Stopping\./);
    expect(await run(['agents', '-O', address])).toMatchObject({ code: 4 });
  });

  it('starts what ./mesh.yaml describes: every instance, labelled, with its own environment', async () => {
    await writeFile(
      join(cwd, 'mesh.yaml'),
      `
orchestrator: { logPayloads: true }
agents:
  reader: { module: ${SERVICES}/crew/reader/main.ts, instances: 2 }
  parrot:
    command: [node, parrot.mjs]
    env: { WORD: hello }
`,
    );
    await writeFile(
      join(cwd, 'parrot.mjs'),
      `console.log(process.env.WORD, process.env.TROUPE_ORCHESTRATORS);
       console.log(JSON.stringify({ ready: true, address: '127.0.0.1:1' }));
       setInterval(() => {}, 1000);`,
    );
    const { address, stdout } = await up([]);
    expect(stdout.lines).toContain(`parrot       | hello ${address}`);
    expect(stdout.text).toContain('Ready: reader-1, reader-2, parrot.');
    const watch = start(['agents', '--watch', '-O', address]);
    await watch.stdout.until(/ reader .* 2 instances /);
    watch.interrupt();
    await run(['broadcast', '-d', '"payloads are kept"', '-O', address]);
    const tail = start(['tail', '-O', address]);
    await tail.stdout.until(/payloads are kept/);
    tail.interrupt();
  });

  it('tells who keeps it waiting, where a command does not say that it serves', async () => {
    await writeFile(
      join(cwd, 'mute.yaml'),
      `agents:
  parrot: { command: [node, -e, "console.log(JSON.stringify({ ready: true, address: 'x' })); setInterval(() => {}, 1000)"] }
  mute: { command: [node, -e, "setInterval(() => {}, 1000)"], instances: 2 }`,
    );
    const running = start(['up', 'mute.yaml', '--listen', '127.0.0.1:0'], { cwd });
    started.push(running);
    await running.stdout.until(/Waiting for mute-1, mute-2: .* \{"ready":true,"address":"HOST:PORT"\}\.$/);
  });

  it('starts an orchestrator alone', async () => {
    await writeFile(join(cwd, 'alone.yaml'), 'orchestrator: {}');
    const { address, stdout } = await up(['alone.yaml']);
    expect(stdout.text).toContain('No agents are in the file');
    expect(await run(['agents', '-O', address])).toMatchObject({ code: 0 });
  });

  it('does not wait for what is in flight at a second Ctrl-C', async () => {
    await writeFile(
      join(cwd, 'stubborn.yaml'),
      `agents: { stubborn: { command: [node, -e, "process.on('SIGTERM', () => {}); console.log(JSON.stringify({ ready: true, address: 'x' })); setInterval(() => {}, 1000)"] } }`,
    );
    const { stdout, interrupt, kill, ended } = await up(['stubborn.yaml']);
    interrupt();
    await stdout.until(/Stopping/);
    kill();
    expect(await ended).toBe(0);
  });

  it('says so where the address is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, stdout, stderr } = await run(['up', '--listen', `127.0.0.1:${port}`], { cwd: '/' });
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Something listens at 127.0.0.1:${port} already, perhaps a mesh.`);
  });

  it.each([
    [['none.yaml'], 3, /There is no file "none\.yaml"/],
    [
      ['bad.yaml'],
      6,
      /The mesh has a mistake\. .*\n {2}bad\.yaml:1:1: unknown key "agent" — did you mean "agents"\?/,
    ],
    [['--listen', 'here'], 2, /"here" is no address/],
    [['--listen', '192.0.2.1:0'], 1, /Nothing can listen at 192\.0\.2\.1:0/],
    [['-O', '127.0.0.1:1'], 2, /--listen says where it listens/],
  ])('refuses %j', async (args, code, says) => {
    await writeFile(join(cwd, 'bad.yaml'), 'agent: {}');
    const running = start(['up', ...args], { cwd });
    started.push(running);
    expect(await running.ended).toBe(code);
    expect(running.stdout.text).toBe('');
    expect(running.stderr.text).toMatch(says);
  });
});
