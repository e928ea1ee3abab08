import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExecAgentOptions, execAgent } from '../../../services/cli/exec/exec-agent.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { served } from '../../agent/agents.ts';
import { refusal } from '../../protocol/refusal.ts';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'troupe-told-'));
});
afterAll(() => rm(cwd, { recursive: true }));

/** A program as an agent, served in this process. */
async function serve(command: string) {
  const kill: ExecAgentOptions['kill'] = (pid, signal) => void process.kill(pid, signal);
  const options = { command, cwd, env: process.env, kill, maxConcurrency: 1 };
  const { ask } = await served(
    execAgent({ ...options, name: 'script', capability: 'script.run' }).definition,
  );
  return ask.Handle;
}

it.each<[string, { id?: string; task?: string }, string, RegExp]>([
  ['a text with a NUL', { task: 'a\0b' }, 'task', /task holds a NUL, .*: send it in the payload/],
  ['an id with a NUL', { id: 'a\0b' }, 'id', /id holds a NUL/],
  ['a text of 200 KB', { task: 'x'.repeat(200_000) }, 'task', /task has 200000 bytes, .* holds 131040/],
])(
  'A program that cannot be told %s is not run: the task is INVALID_MESSAGE',
  async (_, init, field, text) => {
    const ask = await serve('touch was-run; echo 1');
    const refused = await refusal(() => ask(init));
    expect(refused).toEqual({
      reason: 'INVALID_MESSAGE',
      text: expect.stringMatching(text),
      fields: [field],
    });
    await expect(access(join(cwd, 'was-run'))).rejects.toThrow('ENOENT');
  },
);

it('A program may be told as long a text as an environment variable holds', async () => {
  const ask = await serve('printf %s "$TROUPE_TASK" | wc -c');
  expect(fromValue((await ask({ task: 'x'.repeat(131_040) }))?.payload)).toBe(131_040);
});
