import { expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { PROBE_CAPABILITY } from '../../services/agent/conformance-probe.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { fromValue, type JsonValue, toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import type { Member } from './member.ts';
import { refusal, type TestedMember } from './tested-member.ts';

/** Longer than any test: only a cancel or a deadline ends it. */
const LONG_MS = 60_000;

/** What the contract asks of a member that is given tasks. `current` answers the member once the tests run. */
export function doesTasks(member: Member, current: () => TestedMember): void {
  it('does a task of its own', async () => {
    const { capability, payload, result } = member.sample;
    expect((await current().mesh.troupe.dispatch(capability, payload)).payload).toEqual(result);
  });

  it('answers Handle without an orchestrator', async () => {
    const { capability, payload, result } = member.sample;
    const reply = await current().handle({ id: 'by-hand', capability, payload: toValue(payload) });
    expect(reply).toMatchObject({ type: MessageType.RESULT, correlationId: 'by-hand' });
    expect(fromValue(reply?.payload)).toEqual(result);
  });

  it('sees the message as it was sent', async () => {
    const data = new Uint8Array([1, 2, 3]);
    const { payload } = await current().ask(null, {
      idempotencyKey: 'once',
      headers: { team: 'blue' },
      attachments: [{ name: 'a.bin', mediaType: 'x/y', content: { case: 'data', value: data } }],
    });
    expect(payload).toEqual({
      echo: null,
      received: {
        attempt: 1,
        idempotency_key: 'once',
        hops: 0,
        sender: 'tester',
        headers: { team: 'blue' },
        attachments: [{ name: 'a.bin', media_type: 'x/y', bytes: 3 }],
      },
    });
  });

  it('keeps any JSON as it is', async () => {
    const deep = Array.from({ length: 28 }).reduce<JsonValue>((inner) => [inner], 'x');
    const echo = {
      '': {},
      list: [],
      null: null,
      '😀 \u0000é': '\u2028 𝄞',
      numbers: [0, -1.5, 1e300, 2 ** 53],
      deep,
    };
    expect((await current().ask({ echo })).payload).toMatchObject({ echo });
  });

  it('takes and gives a large payload', async () => {
    const echo = 'e'.repeat(1_000_000);
    const { payload } = await current().ask({ echo, size: 1_000_000 });
    expect(payload).toMatchObject({ echo, data: 'x'.repeat(1_000_000) });
  });

  it('works on many tasks at once', async () => {
    const orders = Array.from({ length: 48 }, (_, n) => current().ask({ delay_ms: 48 - n, echo: n }));
    const answers = await Promise.all(orders);
    expect(answers.map(({ payload }) => (payload as { echo: number }).echo)).toEqual([...Array(48).keys()]);
  });

  if (member.announces) {
    it('tells progress in order, the result last', async () => {
      const news: unknown[] = [];
      for await (const event of current().mesh.troupe.dispatchStream(PROBE_CAPABILITY, {
        progress: 5,
        echo: 'done',
      })) {
        news.push(event.type === 'progress' ? [event.sequence, event.payload] : event.type);
      }
      expect(news).toEqual([...[1, 2, 3, 4, 5].map((n) => [n, { n }]), 'result']);
    });
  }

  it('stops working when its caller cancels', async () => {
    const cancel = new AbortController();
    const refused = refusal(current().ask({ delay_ms: LONG_MS }, { signal: cancel.signal }));
    await current().inFlight(1);
    cancel.abort();
    expect(await refused).toEqual({ code: Code.CANCELLED, reason: 'TASK_CANCELLED' });
    await current().inFlight(0);
  });

  it('stops working when the time is up', async () => {
    const refused = refusal(current().ask({ delay_ms: LONG_MS }, { timeoutMs: 300 }));
    expect(await refused).toEqual({ code: Code.DEADLINE_EXCEEDED, reason: 'TASK_TIMED_OUT' });
    await current().inFlight(0);
  });

  it('says itself that the time is up', async () => {
    const task = {
      capability: PROBE_CAPABILITY,
      payload: toValue({ delay_ms: LONG_MS }),
      ttl: { nanos: 200_000_000 },
    };
    expect(await refusal(current().handle(task))).toEqual({
      code: Code.DEADLINE_EXCEEDED,
      reason: 'TASK_TIMED_OUT',
    });
  });

  it('fails with a code and a reason', async () => {
    const error = await current().ask({ fail: 'on purpose' }).catch(RpcError.from);
    expect(error).toMatchObject({ code: Code.UNKNOWN, message: expect.stringContaining('on purpose') });
    expect(reasonOf(error as RpcError)).toBe('HANDLER_FAILED');
  });

  it('is spared a payload that breaks its schema', async () => {
    const before = (await current().heartbeat())?.received;
    const refused = refusal(current().mesh.troupe.dispatch(member.sample.capability, member.bad));
    expect(await refused).toEqual({ code: Code.INVALID_ARGUMENT, reason: 'INVALID_PAYLOAD' });
    expect((await current().heartbeat())?.received).toBe(before);
  });

  it.each([
    [
      'a capability that it has not',
      { capability: 'nobody.does-this' },
      Code.NOT_FOUND,
      'CAPABILITY_NOT_FOUND',
    ],
    ['an expired task', { capability: PROBE_CAPABILITY, ttl: {} }, Code.DEADLINE_EXCEEDED, 'MESSAGE_EXPIRED'],
    [
      'a negative time to live',
      { capability: PROBE_CAPABILITY, ttl: { nanos: -1 } },
      Code.INVALID_ARGUMENT,
      'INVALID_MESSAGE',
    ],
    [
      'work passed on too often',
      { capability: PROBE_CAPABILITY, hops: 17 },
      Code.FAILED_PRECONDITION,
      'HOP_LIMIT',
    ],
    ['a type that it does not know', { type: 99 as MessageType }, Code.UNIMPLEMENTED, 'UNKNOWN_MESSAGE_TYPE'],
  ])('refuses %s', async (_, message, code, reason) => {
    expect(await refusal(current().handle(message))).toEqual({ code, reason });
  });
}
