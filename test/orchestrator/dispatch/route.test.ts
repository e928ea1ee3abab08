import { expect, it } from 'vitest';
import { Router } from '../../../services/orchestrator/dispatch/route.ts';
import type { Connection } from '../../../services/orchestrator/member/connection.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { newMessage } from '../../../services/protocol/codec/new-message.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { echo } from '../agents.ts';
import { failureOf, TestMesh } from '../test-mesh.ts';

const mesh = new TestMesh();

it('An unknown capability is waited for by 1,000 tasks at once, and to those beyond it is not known', async () => {
  const roster = new Roster<Connection>();
  const router = new Router(roster, 60_000);
  const task = { ...newMessage(), capability: 'nobody.knows' };
  const caller = new AbortController();
  const scope = { signal: caller.signal, deadline: Deadline.after(60_000) };
  const wait = () =>
    router.wait(task, scope).then(
      () => 'found',
      (error) => reasonOf(RpcError.from(error)),
    );

  const waiting = Array.from({ length: 1000 }, wait);
  expect(await wait()).toBe('CAPABILITY_NOT_FOUND');
  caller.abort();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['TASK_CANCELLED']));
  roster.close();
});

it('An unknown name is answered with one that is like it, unless it is longer than any may be', async () => {
  const known = 'x'.repeat(128);
  const { rpc } = await mesh.settledWith(echo('echo', [known]));
  const answerTo = async (capability: string) =>
    (await failureOf(rpc.dispatch({ message: { capability } }))).message;
  expect(await answerTo(known.slice(1))).toContain(`Did you mean ${known}?`);
  expect(await answerTo(`${known}x`)).toContain('ListAgents tells who is there.');
});
