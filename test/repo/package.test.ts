import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LEAST_NODE } from '../../services/cli/least-node.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'troupe-package-'));
const bin = join(project, 'node_modules/.bin');
const children: ChildProcess[] = [];

/** The folder of a Node of the project. */
const nodeOf = (version: string) => join(project, `node${version}/node_modules/.bin`);
/** What agents are written in on each Node: the least one runs no TypeScript by itself. */
const ENDINGS = { [LEAST_NODE]: ['js'], '22': ['ts', 'js'], '24': ['ts', 'js'] };
/** A Node that is too old. */
const OLD_NODE = '20';

const AGENT = (types: boolean) => `
import { run } from 'troupe/agent';
await run({
  id: 'shouter',
  capabilities: { 'text.shout': { handle: ({ text }${types ? ': { text: string }' : ''}) => ({ text: text.toUpperCase() }) } },
});
`;

const CALLER = (types: boolean) => `
import { Troupe } from 'troupe/client';
const troupe = new Troupe(process.env.ORCHESTRATOR${types ? ' as string' : ''});
const { payload, agent } = await troupe.dispatch('text.shout', { text: 'hello' }, { timeoutMs: 10_000 });
console.log(JSON.stringify({ payload, agent }));
troupe.close();
`;

async function run(
  program: string,
  args: string[],
  options: { cwd?: string; path?: string; env?: Record<string, string> } = {},
) {
  const { cwd = project, path = '', env } = options;
  return promisify(execFile)(program, args, {
    cwd,
    env: { ...process.env, PATH: `${path}:${bin}:${process.env.PATH}`, ...env },
  });
}

/** Starts a process of the project, and answers the address at which it says that it serves. */
async function start(path: string, args: string[], env: Record<string, string>): Promise<string> {
  const child = spawn('node', args, {
    cwd: project,
    env: {
      ...process.env,
      PATH: `${path}:${process.env.PATH}`,
      TROUPE_LISTEN: '127.0.0.1:0',
      TROUPE_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes('"ready":true')) continue;
    child.stdout.resume();
    return JSON.parse(line).address;
  }
  throw new Error(`node ${args.join(' ')} ended before it was ready.`);
}

beforeAll(async () => {
  await run('npm', ['run', '-s', 'build'], { cwd: ROOT });
  const { stdout } = await run('npm', ['pack', '-s', './dist', '--pack-destination', project], { cwd: ROOT });
  writeFileSync(join(project, 'package.json'), '{ "name": "newcomer", "type": "module", "private": true }');
  await run('npm', ['install', '-s', `./${stdout.trim()}`, 'typescript@6', '@types/node@22']);
  for (const version of [OLD_NODE, ...Object.keys(ENDINGS)]) {
    const folder = join(project, `node${version}`);
    await run('npm', ['install', '-s', '--prefix', folder, `node@${version}`]);
  }
  for (const ending of ['ts', 'js']) {
    writeFileSync(join(project, `agent.${ending}`), AGENT(ending === 'ts'));
    writeFileSync(join(project, `caller.${ending}`), CALLER(ending === 'ts'));
  }
}, 300_000);

afterEach(async () => {
  for (const child of children.splice(0).reverse()) {
    const exited = new Promise((ended) => child.once('exit', ended));
    child.kill('SIGTERM');
    await exited;
  }
});

afterAll(() => rm(project, { recursive: true, force: true }), 120_000);

describe.each(Object.entries(ENDINGS))('the package on Node %s', (version, endings) => {
  const path = nodeOf(version);

  it.each(endings)(
    'serves and calls agents written in .%s',
    async (ending) => {
      const orchestrator = await start(path, ['node_modules/troupe/services/orchestrator/main.js'], {});
      await start(path, [`agent.${ending}`], { TROUPE_ORCHESTRATORS: orchestrator });
      const { stdout } = await run('node', [`caller.${ending}`], {
        path,
        env: { ORCHESTRATOR: orchestrator },
      });
      expect(JSON.parse(stdout)).toEqual({ payload: { text: 'HELLO' }, agent: 'shouter' });
    },
    60_000,
  );

  it('brings the command', async () => {
    const orchestrator = await start(path, ['node_modules/troupe/services/orchestrator/main.js'], {});
    await start(path, ['agent.js'], { TROUPE_ORCHESTRATORS: orchestrator });
    const dispatch = ['dispatch', 'text.shout', '-d', '{"text":"hi"}', '-o', 'json', '-O', orchestrator];
    const { stdout } = await run('troupe', dispatch, { path });
    expect(JSON.parse(stdout)).toMatchObject({ payload: { text: 'HI' } });
  }, 60_000);

  it('brings the crew', async () => {
    const address = await start(path, ['node_modules/troupe/services/crew/reader/main.js'], {});
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  }, 60_000);
});

describe('the package on a Node that is too old', () => {
  it('says which it needs, to npm and to people', async () => {
    const { engines } = JSON.parse(readFileSync(join(project, 'node_modules/troupe/package.json'), 'utf8'));
    expect(engines).toEqual({ node: `>=${LEAST_NODE}` });
    const { code, stderr } = await run('troupe', ['agents'], { path: nodeOf(OLD_NODE) }).catch(
      (error) => error,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(`error: troupe needs Node ${LEAST_NODE} or later, and this is Node ${OLD_NODE}.`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }, 60_000);
});

describe('the declarations of the package', () => {
  it('type-check in a strict project', async () => {
    const config = {
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'es2023',
        noEmit: true,
        types: ['node'],
        skipLibCheck: false,
      },
      files: ['agent.ts', 'caller.ts'],
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = await run('tsc', []).catch((error) => error);
    expect(stdout).toBe('');
  }, 60_000);
});
