import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import type { AgentDefinition, JsonValue, TaskContext } from '../../services/agent/index.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import { durationToMs, msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { type Ask, DOORS, served } from './agents.ts';

/** An agent whose tasks are worked on until a test lets them end. */
async function busy(definition: Partial<AgentDefinition> = {}) {
  const working: { payload: JsonValue; sender: string; end: () => void }[] = [];
  let most = 0;
  const handle = (payload: JsonValue, { message, signal }: TaskContext) =>
    new Promise<JsonValue>((resolve, reject) => {
      const task = { payload, sender: message.sender, end: () => leave(() => resolve(payload)) };
      const leave = (settle: () => void) => {
        working.splice(working.indexOf(task), 1);
        settle();
      };
      most = Math.max(most, working.push(task));
      signal.addEventListener('abort', () => leave(() => reject(signal.reason)));
    });
  const input = { type: ['string', 'null'] };
  const agent = await served({ maxConcurrency: 1, capabilities: { work: { input, handle } }, ...definition });
  const beat = async () => (await agent.ask.Handle({ type: MessageType.HEARTBEAT }))!.heartbeat!;
  /** Waits until as many tasks have come; all that were not refused are worked on or wait. */
  const received = async (count: number) => {
    while ((await beat()).received < BigInt(count));
  };
  const begun = async (payload: JsonValue) => {
    while (!working.some((task) => task.payload === payload)) await sleep(1);
  };
  return { ...agent, working, beat, received, begun, most: () => most };
}

const payloads = async (asked: readonly ReturnType<Ask>[]) =>
  (await Promise.all(asked)).map((reply) => fromValue(reply?.payload));

describe.each(DOORS)('A task over %s that comes while the agent works on as many as it takes', (door) => {
  it('waits, is worked on in its turn, and is not in flight before', async () => {
    const { ask, beat, received, working, most } = await busy({ maxConcurrency: 2 });
    const asked = ['a', 'b', 'c', 'd', 'e'].map((payload) => ask[door]({ payload }));
    await received(5);
    expect(await beat()).toMatchObject({ status: AgentStatus.BUSY, received: 5n, inFlight: 2, failed: 0n });
    const ended = payloads(asked);
    for (let n = 0; n < 5; n++) {
      while (working.length === 0) await sleep(1);
      working[0]!.end();
    }
    expect(await ended).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(most()).toBe(2);
    expect(await beat()).toMatchObject({ status: AgentStatus.IDLE, inFlight: 0, failed: 0n });
  });

  it('has its turn behind one task of each other sender, however many those have sent', async () => {
    const { ask, received, working, begun } = await busy();
    const greedy = ['a', 'b', 'c', 'd'].map((payload) => ask[door]({ sender: 'greedy', payload }));
    await received(4);
    const modest = ask[door]({ sender: 'modest', payload: 'mine' });
    await received(5);
    working[0]!.end();
    await begun('b');
    working[0]!.end();
    await begun('mine');
    working[0]!.end();
    await begun('c');
    working[0]!.end();
    await begun('d');
    working[0]!.end();
    expect(await payloads([...greedy, modest])).toEqual(['a', 'b', 'c', 'd', 'mine']);
  });

  it('is OVERLOADED where too many wait already, and told when to come back', async () => {
    const { ask, received, working, begun } = await busy({ maxWaiting: 1 });
    const asked = ['a', 'b'].map((payload) => ask[door]({ payload }));
    await received(2);
    const error = await failureOf(ask[door]({ payload: 'c' }));
    expect([error.code, reasonOf(error)]).toEqual([Code.RESOURCE_EXHAUSTED, 'OVERLOADED']);
    expect(durationToMs(error.detail(RetryInfoSchema)!.retryDelay!)).toBeGreaterThanOrEqual(1);
    working[0]!.end();
    await begun('b');
    working[0]!.end();
    expect(await payloads(asked)).toEqual(['a', 'b']);
  });

  it('is OVERLOADED at once where it could not end in time, and its payload is not looked at', async () => {
    const { ask, received, working, begun } = await busy();
    const first = ask[door]({ payload: 'first' });
    await begun('first');
    // From here on it is known that a task takes at least so long.
    await sleep(200);
    working[0]!.end();
    await first;
    const second = ask[door]({ payload: 'second' });
    await received(2);
    const error = await failureOf(ask[door]({ payload: 7, ttl: msToDuration(150) }));
    expect(reasonOf(error)).toBe('OVERLOADED');
    // What a task takes, drawn out or cut by a fifth.
    expect(durationToMs(error.detail(RetryInfoSchema)!.retryDelay!)).toBeGreaterThan(100);
    working[0]!.end();
    expect(await payloads([second])).toEqual(['second']);
  });

  it('expires with its ttl, unworked', async () => {
    const { ask, beat, begun, working, agent } = await busy();
    const first = ask[door]({ payload: 'first' });
    await begun('first');
    expect(await reasonIn(ask[door]({ payload: 'late', ttl: msToDuration(50) }))).toBe('MESSAGE_EXPIRED');
    expect(await beat()).toMatchObject({ received: 2n, inFlight: 1, failed: 1n });
    expect(reasonOf(agent.history[1]!.error!)).toBe('MESSAGE_EXPIRED');
    working[0]!.end();
    expect(await payloads([first])).toEqual(['first']);
    expect((await beat()).status).toBe(AgentStatus.IDLE);
  });

  it('leaves when its caller cancels it, unworked', async () => {
    const { ask, agent, received, begun, working } = await busy();
    const first = ask[door]({ payload: 'first' });
    await begun('first');
    const controller = new AbortController();
    const asked = failureOf(ask[door]({ payload: 'unwanted' }, { signal: controller.signal }));
    await received(2);
    controller.abort();
    expect((await asked).code).toBe(Code.CANCELLED);
    while (!agent.history[1]?.error) await sleep(1);
    expect(reasonOf(agent.history[1].error)).toBe('TASK_CANCELLED');
    const next = ask[door]({ payload: 'next' });
    await received(3);
    working[0]!.end();
    await begun('next');
    working[0]!.end();
    expect(await payloads([first, next])).toEqual(['first', 'next']);
  });

  it('is handed back when the agent drains, which finishes what it works on', async () => {
    const { ask, agent, received, begun, working } = await busy();
    const first = ask[door]({ payload: 'first' });
    await begun('first');
    const waiting = ['a', 'b'].map((payload) => reasonIn(ask[door]({ payload })));
    await received(3);
    const drained = agent.drain();
    expect(await Promise.all(waiting)).toEqual(['DRAINING', 'DRAINING']);
    working[0]!.end();
    expect(await payloads([first])).toEqual(['first']);
    await drained;
  });

  it('holds up nobody with a payload that breaks the schema', async () => {
    const { ask, beat, received, begun, working } = await busy();
    const first = ask[door]({ payload: 'first' });
    await begun('first');
    const wrong = [1, 2, 3].map((payload) => reasonIn(ask[door]({ payload })));
    await received(4);
    const last = ask[door]({ payload: 'last' });
    await received(5);
    working[0]!.end();
    expect(await Promise.all(wrong)).toEqual(Array(3).fill('INVALID_PAYLOAD'));
    await begun('last');
    expect(await beat()).toMatchObject({ inFlight: 1, failed: 3n });
    working[0]!.end();
    expect(await payloads([first, last])).toEqual(['first', 'last']);
  });
});
