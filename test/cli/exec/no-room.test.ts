import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AgentService } from '../../../gen/troupe/v1/agent_service_pb.js';
import { fromValue, toValue } from '../../../services/protocol/value.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { reasonIn } from '../../protocol/link/messages.ts';
import { vacantAddress } from '../../rpc/listeners.ts';
import { Recorder } from '../recorder.ts';

const MAIN = resolve(import.meta.dirname, '../../../services/cli/main.ts');
const TASKS = 60;

let cwd: string;
let agent: ChildProcess;
let channel: Channel;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'troupe-no-room-'));
});
afterEach(async () => {
  channel.close();
  if (agent.kill('SIGKILL')) await once(agent, 'exit');
  await rm(cwd, { recursive: true });
});

/** A program as an agent that may have so many files open, and how it is asked: no orchestrator asks twice. */
async function serve(exec: string, files: number) {
  const named = '--name script --capability script.run';
  const command = `ulimit -n ${files}; exec node "$0" agent --exec "$1" ${named} --max-concurrency ${TASKS}`;
  const env = { ...process.env, TROUPE_ORCHESTRATORS: await vacantAddress() };
  agent = spawn('sh', ['-c', command, MAIN, exec], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const stdout = new Recorder();
  agent.stdout!.setEncoding('utf8').pipe(stdout);
  await stdout.until(/"ready":true/);
  channel = new Channel(JSON.parse(stdout.lines[0]!).address);
  const client = createClient(AgentService, channel);
  return async (n: number) => {
    const { message } = await client.handle({ message: { payload: toValue(n) } });
    if (message?.error) throw RpcError.fromStatus(message.error);
    return fromValue(message?.payload);
  };
}

it('An agent that has no descriptors left for another program is OVERLOADED, and does the others', async () => {
  const ask = await serve('while [ ! -e go ]; do sleep 0.1; done; cat', 96);
  const tasks = Array.from({ length: TASKS }, (_, n) => ask(n));
  const refused = Promise.withResolvers<void>();
  const ends = tasks.map((task) =>
    task.catch((error) => {
      refused.resolve();
      return reasonIn(Promise.reject(error));
    }),
  );
  await refused.promise;
  await writeFile(join(cwd, 'go'), '');
  const done = await Promise.all(ends);
  expect(done.filter((end, n) => end !== n && end !== 'OVERLOADED')).toEqual([]);
  expect(done).toContain('OVERLOADED');
  expect(done.some((end, n) => end === n)).toBe(true);
  expect(await ask(7)).toBe(7);
});
