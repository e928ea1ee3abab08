import { expect, it } from 'vitest';
import { startChild } from '../../../services/cli/mesh/child.ts';

/** Whether there is a process of that number. */
function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each([
  ['that ends when it is asked to', 'sleep 60'],
  ['that ends only by force', '(trap "" TERM; sleep 60)'],
])('a process that is stopped leaves nothing of what it has started: something %s', async (_, wrapped) => {
  const said = Promise.withResolvers<number>();
  const command = ['sh', '-c', `${wrapped} & echo $!; wait`];
  const child = startChild(
    { command, env: process.env, cwd: process.cwd() },
    { ready: async () => {}, err: async () => {}, out: async (line) => said.resolve(Number(line)) },
    process.kill,
  );
  const pid = await said.promise;
  expect(lives(pid)).toBe(true);
  await child.stop(200);
  expect(lives(pid)).toBe(false);
});
