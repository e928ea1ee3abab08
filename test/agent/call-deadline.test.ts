import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf } from '../../services/protocol/reason.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { message, served } from './agents.ts';

const forever = () => new Promise<never>(() => {});

/** A caller that says by when it wants its answer, and waits for it however long it takes. */
const patient = { deadline: Deadline.never, headers: { 'grpc-timeout': '300m' } };

describe('The deadline of a call of Handle', () => {
  it('leaves the work a margin less: 50 ms of 20 s', async () => {
    const { client } = await served({ capabilities: { tell: { handle: (_, task) => task.remainingMs } } });
    const sent = { message: message({ capability: 'tell' }) };
    const { message: reply } = await client.handle(sent, { deadline: Deadline.after(20_000) });
    expect(fromValue(reply?.payload)).toBeLessThanOrEqual(20_000 - 50);
  });

  it.each([
    ['a task', MessageType.TASK],
    ['a broadcast', MessageType.BROADCAST],
  ])('ends %s before it ends the call, so that the reason arrives', async (_, type) => {
    const { client } = await served({ capabilities: { hang: { handle: forever } }, onBroadcast: forever });
    const { message: reply } = await client.handle({ message: message({ type }) }, patient);
    const error = RpcError.fromStatus(reply!.error!);
    expect([error.code, reasonOf(error)]).toEqual([Code.DEADLINE_EXCEEDED, 'TASK_TIMED_OUT']);
  });
});
