import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { TaskOptions } from '../../../services/client/task.ts';
import { Troupe } from '../../../services/client/troupe.ts';
import { type Orchestrator, startOrchestrator } from '../../../services/orchestrator/orchestrator.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import type { JsonValue } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';
import { Recorder } from '../recorder.ts';

const MAIN = resolve(import.meta.dirname, '../../../services/cli/main.ts');

let cwd: string;
let orchestrator: Orchestrator;
let troupe: Troupe;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'troupe-agent-'));
  orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  troupe = new Troupe(orchestrator.address);
});

const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  troupe.close();
  await orchestrator.close();
  await rm(cwd, { recursive: true });
});

/** Starts `troupe agent`, which announces itself to the orchestrator that its environment names, be it with blanks. */
function start(exec: string, args: readonly string[] = []) {
  const named = ['--name', 'script', '--capability', 'script.run'];
  const env = { ...process.env, TROUPE_ORCHESTRATORS: `, ${orchestrator.address} ` };
  const child = spawn('node', [MAIN, 'agent', '--exec', exec, ...named, ...args], { cwd, env });
  started.push(child);
  const stdout = new Recorder();
  const stderr = new Recorder();
  child.stdout.setEncoding('utf8').pipe(stdout);
  child.stderr.setEncoding('utf8').pipe(stderr);
  return { child, stdout, stderr, ended: once(child, 'exit') };
}

async function serve(exec: string, args?: readonly string[]) {
  const running = start(exec, args);
  await running.stdout.until(/"ready":true/);
  return running;
}

/** Dispatches a task to the script, and answers its result; `hear` is told of its progress. */
async function ask(payload: JsonValue, hear: (news: JsonValue) => void = () => {}, options?: TaskOptions) {
  for await (const event of troupe.dispatchStream('script.run', payload, options)) {
    if (event.type === 'result') return event.payload;
    hear(event.payload);
  }
  return expect.fail('There was no result.');
}

async function failureOf(task: Promise<unknown>): Promise<RpcError> {
  return task.then(
    () => expect.fail('The task did not fail.'),
    (error) => error,
  );
}

describe('a script as a member', () => {
  it('does tasks that are dispatched to it, and tells of them as it goes', async () => {
    await writeFile(
      join(cwd, 'tell.sh'),
      `read -r text
       echo reading >&2
       printf '{"text":%s,"id":"%s","task":"%s","ms":%s}' "$text" "$TROUPE_TASK_ID" "$TROUPE_TASK" "$TROUPE_TIMEOUT_MS"`,
    );
    const { stdout } = await serve('sh tell.sh', ['--description', 'Tells.', '--label', 'team=a']);
    expect(JSON.parse(stdout.lines[0]!)).toMatchObject({ ready: true, agent: 'script' });
    const news: JsonValue[] = [];
    const result = await ask('hello', (one) => void news.push(one), { task: 'tell it', timeoutMs: 20_000 });
    expect(result).toEqual({
      text: 'hello',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      task: 'tell it',
      ms: expect.any(Number),
    });
    expect((result as { ms: number }).ms).toBeLessThanOrEqual(20_000);
    expect(news).toEqual(['reading']);
  });

  it('fails a task as its program does', async () => {
    await serve('echo "no such file" >&2; exit 2');
    const error = await failureOf(ask(null));
    expect(error.message).toContain('exited with code 2: no such file');
    expect(reasonOf(error)).toBe('HANDLER_FAILED');
  });

  it('refuses what does not meet its schema before the program is run', async () => {
    await writeFile(join(cwd, 'schema.json'), '{"type":"object","required":["text"]}');
    await serve('touch was-run; echo 1', ['--input-schema', 'schema.json']);
    expect(reasonOf(await failureOf(ask({})))).toBe('INVALID_PAYLOAD');
    await expect(access(join(cwd, 'was-run'))).rejects.toThrow('ENOENT');
    expect(await ask({ text: '' })).toBe(1);
    await access(join(cwd, 'was-run'));
  });

  it('ends the program when the task is cancelled, and is free for the next', async () => {
    await writeFile(
      join(cwd, 'wait.sh'),
      'read -r how; [ $how = 1 ] && echo 1 && exit; echo $$ >&2; sleep 300',
    );
    await serve('sh wait.sh', ['--max-concurrency', '1']);
    const controller = new AbortController();
    const error = await failureOf(ask(2, () => controller.abort(), { signal: controller.signal }));
    expect(error.code).toBe(Code.CANCELLED);
    // Until the program has really ended the agent is at its limit, and says so.
    for (;;) {
      const next = await ask(1).catch((thrown) => reasonOf(thrown));
      if (next === 'OVERLOADED') continue;
      expect(next).toBe(1);
      return;
    }
  });

  it('ends the program when the time runs out', async () => {
    await serve('sleep 300', ['--ttl', '200ms']);
    expect((await failureOf(ask(null))).code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it('finishes what is in flight when it is told to leave, and takes nothing new', async () => {
    const { child, ended } = await serve('echo at work >&2; while [ ! -e go ]; do sleep 0.02; done; echo 1');
    const atWork = Promise.withResolvers<void>();
    const task = ask(null, () => atWork.resolve());
    await atWork.promise;
    child.kill('SIGTERM');
    while ((await statusOf('script')) !== AgentStatus.DRAINING);
    expect(reasonOf(await failureOf(ask(null)))).toBe('NO_LIVE_INSTANCE');
    await writeFile(join(cwd, 'go'), '');
    expect(await task).toBe(1);
    expect(await ended).toEqual([0, null]);
  });

  it('leaves no program behind when it is told twice', async () => {
    const { child, ended } = await serve(`trap '' TERM; echo $$ >&2; while :; do sleep 0.02; done`);
    const pid = Promise.withResolvers<JsonValue>();
    const task = failureOf(ask(null, pid.resolve));
    const file = `/proc/${await pid.promise}/stat`;
    child.kill('SIGTERM');
    child.kill('SIGINT');
    expect((await task).code).toBe(Code.UNAVAILABLE);
    await ended;
    await expect(access(file)).rejects.toThrow('ENOENT');
  });

  it.each([
    [['--input-schema', 'none.json'], 3, 'There is no file "none.json"'],
    [['--input-schema', 'list.json'], 6, 'list.json is no schema'],
    [['--max-concurrency', 'many'], 2, 'Write a whole number'],
    [['--name', 'no name'], 6, 'id must be 1 to 128 characters'],
    [['--listen', 'here'], 2, '"here" is no address'],
  ])('is not begun with %j', async (args, code, text) => {
    await writeFile(join(cwd, 'list.json'), '[]');
    const { stderr, ended } = start('cat', args);
    expect(await ended).toEqual([code, null]);
    expect(stderr.text).toContain(text);
  });
});

async function statusOf(agentId: string): Promise<AgentStatus | undefined> {
  const { orchestrator } = await troupe.reach(Deadline.after(5000));
  return (await orchestrator.getAgent({ agentId })).agent?.status;
}
