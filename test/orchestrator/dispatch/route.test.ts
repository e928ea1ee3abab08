import { expect, it } from 'vitest';
import { Router } from '../../../services/orchestrator/dispatch/route.ts';
import type { Connection } from '../../../services/orchestrator/member/connection.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { newMessage } from '../../../services/protocol/codec/new-message.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';

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
