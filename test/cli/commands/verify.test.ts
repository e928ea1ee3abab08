import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { CHECKS } from '../../../services/verify/index.ts';
import { serveFaulty } from '../../verify/faulty-agent.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const TROUPE = 'services/cli/main.ts';
const ANALYST = 'services/crew/analyst/main.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function node(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } });
  children.push(child);
  return child;
}

/** Runs `troupe verify` as a process, to its end. */
async function troupeVerify(...args: string[]) {
  const child = node([TROUPE, 'verify', ...args]);
  const ended = once(child, 'close');
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, code: code as number };
}

/** Starts one of the crew, as its author would, and answers where it serves. */
async function startAnalyst() {
  const child = node([ANALYST], { TROUPE_CONFORMANCE: '1', TROUPE_LISTEN: '127.0.0.1:0' });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, address: JSON.parse(line).address as string };
}

/** The probe on the card of an agent. */
async function probeOf(address: string) {
  const channel = new Channel(address);
  const { card } = await createClient(AgentService, channel).describe({});
  channel.close();
  return card?.capabilities.find(({ name }) => name === 'conformance.probe');
}

describe('troupe verify', () => {
  it('lists a line per check, and runs none', async () => {
    const { stdout, code } = await troupeVerify('--list');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(CHECKS.map(({ id }) => id));
    expect(code).toBe(0);
  });

  it('tells of each check what the contract says and what was seen, and at the end the sum', async () => {
    const { address } = await startAnalyst();
    const { stdout, code } = await troupeVerify(address, '--only', 'health.check', '--only', 'capacity');
    expect(stdout.replaceAll(/ +/g, ' ')).toBe(
      [
        'skipped capacity.full With max_concurrency tasks in flight one more is refused RESOURCE_EXHAUSTED / OVERLOADED, with RetryInfo, or waits for its turn until it expires: MESSAGE_EXPIRED.',
        ' because: the agent has no limit of its own (max_concurrency: 0)',
        'skipped capacity.freed When one of max_concurrency tasks has ended, the next is taken.',
        ' because: the agent has no limit of its own (max_concurrency: 0)',
        'pass health.check Check of the server as a whole (`""`) answers SERVING.',
        ' seen: SERVING',
        '',
        '1 passed, 0 failed, 2 skipped',
        '',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  it('ends with 1 where a check fails, and says in JSON what was seen', async () => {
    const agent = await serveFaulty({ seen: /never/, card: (card) => ({ ...card, protocolRevision: 9 }) });
    try {
      const { stdout, code } = await troupeVerify('--json', '--only', 'describe.revision', agent.address);
      expect(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual([
        {
          id: 'describe.revision',
          rule: 'protocol_revision is 1; 0 is read as 1.',
          verdict: 'fail',
          seen: 'protocol_revision 9: the kit knows 1',
          ms: expect.any(Number),
        },
        { passed: 0, failed: 1, skipped: 0 },
      ]);
      expect(code).toBe(1);
    } finally {
      await agent.close();
    }
  });

  it('starts an agent with the probe, sees it drain, and leaves nothing behind', async () => {
    const { stdout, code } = await troupeVerify('--only', 'drain', '--json', '--', process.execPath, ANALYST);
    const outcomes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(outcomes.pop()).toEqual({ passed: 8, failed: 0, skipped: 0 });
    expect(outcomes.at(-1)).toMatchObject({ id: 'drain.exit', seen: 'exited with code 0' });
    expect(code).toBe(0);
  });

  it('ends the agent that it started, where no check does', async () => {
    const script = `console.error(process.pid); await import('./${ANALYST}');`;
    const command = [process.execPath, '--input-type=module', '-e', script];
    const { stderr, code } = await troupeVerify('--only', 'describe.card', '--', ...command);
    const pid = Number(stderr);
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(code).toBe(0);
  });

  it('shows the probe as an agent has to offer it', async () => {
    const { stdout, code } = await troupeVerify('--probe');
    const { address } = await startAnalyst();
    const [shown, offered] = [JSON.parse(stdout), await probeOf(address)];
    expect(offered).toMatchObject({
      description: shown.description,
      inputSchema: shown.input_schema,
      outputSchema: shown.output_schema,
    });
    expect(code).toBe(0);
  });

  it('sends the signal to the process that --pid names', async () => {
    const { child, address } = await startAnalyst();
    const exited = once(child, 'exit');
    const { stdout, code } = await troupeVerify(address, '--pid', String(child.pid), '--only', 'drain.exit');
    expect(stdout).toContain(`process ${child.pid} has ended`);
    expect(await exited).toEqual([0, null]);
    expect(code).toBe(0);
  });

  it('waits for an agent that does not say when it serves, where it is told the address', async () => {
    // This one listens where it is told to, but writes no line that says so.
    const script = `
      const { serveAgent } = await import('./services/agent/index.ts');
      await serveAgent({ id: 'mute', capabilities: {} }, { listen: process.env.TROUPE_LISTEN });`;
    const probe = await startAnalyst();
    const exited = once(probe.child, 'exit');
    probe.child.kill('SIGTERM');
    await exited;
    const command = [process.execPath, '--input-type=module', '-e', script];
    const only = ['--only', 'describe.card'];
    const { stdout, code } = await troupeVerify('--address', probe.address, ...only, '--', ...command);
    expect(stdout).toContain('mute, instance');
    expect(code).toBe(0);
  });

  it.each([
    ['nothing to verify', [], /Say what to verify/, 6],
    [
      'a command that ends',
      ['--', process.execPath, '-e', 'process.exit(3)'],
      /exited with code 3 before that/,
      4,
    ],
    ['a command that is none', ['--', './no-such-program'], /could not be started/, 4],
    ['an address where nobody is', ['127.0.0.1:9'], /^ {2}next: "troupe verify HOST:PORT" asks an agent/m, 4],
    ['a check that is none', ['127.0.0.1:9', '--only', 'link.cancle'], /--list/, 6],
    ['a pid with a command', ['--pid', '1', '--', 'node'], /--pid is for an agent that runs already/, 6],
    ['a pid that is none', ['--pid', 'x', '127.0.0.1:9'], /whole number/, 2],
  ])('refuses %s', async (_, args, words, exitCode) => {
    const { stderr, stdout, code } = await troupeVerify(...args);
    expect(stderr).toMatch(words);
    expect({ stdout, code }).toEqual({ stdout: '', code: exitCode });
  });
});
