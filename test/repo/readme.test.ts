import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** A folder inside the package, so that `troupe/agent` resolves, and out of the repository's sight. */
const FOLDER = join(ROOT, 'dist/readme');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The code blocks of a language, in their order. */
function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code]) => code!,
  );
}

/** The block that holds `text`, at the port where the test's mesh listens. */
function block(language: string, text: string): string {
  const found = blocks(language).find((code) => code.includes(text));
  if (!found) throw new Error(`The README has no ${language} block with ${text}.`);
  return found.replaceAll('localhost:50051', `127.0.0.1:${port}`);
}

const children: ChildProcess[] = [];
let port: number;

/** Starts a command of the README, and waits until a line of its output meets `until`. */
async function start(command: string, until: RegExp): Promise<void> {
  // In a group of its own: what npx starts has to be told of the end as well.
  const child = spawn('sh', ['-c', `exec ${command}`], {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  child.stderr.resume();
  for await (const line of createInterface({ input: child.stdout })) {
    if (until.test(line)) return void child.stdout.resume();
  }
  throw new Error(`It ended without a line like ${until}: ${command}`);
}

/** Runs a command of the README, and answers what it writes to standard output. */
async function run(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: ROOT });
  return stdout;
}

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => probe.once('listening', listening));
  port = (probe.address() as { port: number }).port;
  await new Promise((closed) => probe.close(closed));
  await start(`env TROUPE_LISTEN=127.0.0.1:${port} npx node services/orchestrator/main.ts`, /ready/);
  writeFileSync(join(FOLDER, 'greeter.ts'), block('ts', 'troupe/agent'));
  const command = block('sh', 'greeter.ts').replace('greeter.ts', 'dist/readme/greeter.ts');
  await start(`env ${command}`, /ready/);
}, 60_000);

afterAll(async () => {
  for (const child of children.reverse()) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid!, 'SIGTERM');
    await exited;
  }
  rmSync(FOLDER, { recursive: true });
}, 30_000);

describe('the README', () => {
  it('has an agent of at most ten lines', () => {
    const lines = block('ts', 'troupe/agent').split('\n');
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(10);
  });

  it('has a command that puts the agent to work', async () => {
    const command = block('sh', 'npx troupe dispatch').trim();
    const stdout = await run(`${command} -o json -O 127.0.0.1:${port}`);
    expect(JSON.parse(stdout)).toMatchObject({ payload: { greeting: 'Hello, Ada!' } });
  });

  it('has a `buf curl` call that does, through reflection alone', async () => {
    const stdout = await run(block('sh', 'npx buf curl'));
    expect(JSON.parse(stdout)).toMatchObject({ message: { payload: { greeting: 'Hello, Ada!' } } });
  });

  it('has a grpcurl call that sends the same request to the same method', () => {
    const request = /-d '(.*)'/;
    const grpcurl = block('sh', 'grpcurl');
    const bufCurl = block('sh', 'npx buf curl');
    expect(request.exec(grpcurl)![1]).toBe(request.exec(bufCurl)![1]);
    expect(grpcurl).toContain(`127.0.0.1:${port} troupe.v1.OrchestratorService/Dispatch`);
  });

  it('has a program that does', async () => {
    writeFileSync(join(FOLDER, 'caller.ts'), block('ts', 'troupe/client'));
    expect(await run('npx node dist/readme/caller.ts')).toContain("greeting: 'Hello, Ada!'");
  });
});
