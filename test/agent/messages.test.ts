import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { type AgentDefinition, defineAgent, serveAgent } from '../../services/agent/index.ts';
import { errorInfoOf, reasonOf } from '../../services/protocol/reason.ts';
import { msToDuration } from '../../services/protocol/ttl.ts';
import { fromValue, type JsonValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { failureOf, reasonIn } from '../protocol/link/messages.ts';
import { refusal } from '../protocol/refusal.ts';
import { DOORS, served } from './agents.ts';

const { BROADCAST, HEARTBEAT } = MessageType;

describe('An agent', () => {
  it('is served from ten lines', async () => {
    const greeter = defineAgent({
      id: 'greeter',
      capabilities: {
        greet: { handle: ({ name }: { name: string }) => `Hello, ${name}!` },
      },
    });
    const agent = await serveAgent(greeter);
    const channel = new Channel(agent.address);
    const { card } = await createClient(AgentService, channel).describe({});
    expect(card).toMatchObject({
      id: 'greeter',
      name: 'greeter',
      instanceId: agent.card.instanceId,
      servesLink: true,
      checksInput: true,
      protocolRevision: 1,
      capabilities: [{ name: 'greet' }],
    });
    channel.close();
    await agent.close();
  });

  it.each<[string, Partial<AgentDefinition>, string]>([
    ['no id', { id: '' }, 'id'],
    ['an id with a space', { id: 'a b' }, 'id'],
    ['a capability without a name', { capabilities: { '': { handle: () => 1 } } }, 'capabilities[0].name'],
  ])('with %s cannot be served', async (_, definition, field) => {
    const error = await failureOf(serveAgent({ id: 'x', capabilities: {}, ...definition }));
    expect(reasonOf(error)).toBe('INVALID_MESSAGE');
    expect(error.message).toContain(field);
  });

  const work = (more: object) => ({ capabilities: { work: { handle: () => 1, ...more } } });
  const LIMIT = 'it must be a whole number from 0 to 2147483647';
  const TTL = 'it must be a number of milliseconds over 0 and up to 3600000';
  const OBJECT = 'it must be an object';
  const FUNCTION = 'it must be a function';
  it.each<[object, string]>([
    [{ maxConcurrency: -1 }, `maxConcurrency is -1: ${LIMIT}`],
    [{ maxConcurrency: 1.5 }, `maxConcurrency is 1.5: ${LIMIT}`],
    [{ maxConcurrency: 2 ** 31 }, `maxConcurrency is 2147483648: ${LIMIT}`],
    [{ maxConcurrency: '4' }, `maxConcurrency is '4': ${LIMIT}`],
    [{ maxWaiting: Number.NaN }, `maxWaiting is NaN: ${LIMIT}`],
    [{ maxWaiting: Number.POSITIVE_INFINITY }, `maxWaiting is Infinity: ${LIMIT}`],
    [work({ defaultTtlMs: Number.NaN }), `capabilities.work.defaultTtlMs is NaN: ${TTL}`],
    [work({ defaultTtlMs: 0 }), `capabilities.work.defaultTtlMs is 0: ${TTL}`],
    [work({ defaultTtlMs: 3_600_001 }), `capabilities.work.defaultTtlMs is 3600001: ${TTL}`],
    [work({ defaultTtlMs: '5s' }), `capabilities.work.defaultTtlMs is '5s': ${TTL}`],
    [{ capabilities: undefined }, `capabilities is undefined: ${OBJECT}`],
    [{ capabilities: [] }, `capabilities is []: ${OBJECT}`],
    [work({ handle: undefined }), `capabilities.work.handle is undefined: ${FUNCTION}`],
    [{ capabilities: { work: () => 1 } }, `capabilities.work.handle is undefined: ${FUNCTION}`],
    [{ capabilities: { work: null } }, `capabilities.work.handle is undefined: ${FUNCTION}`],
  ])('of %o cannot be served, and says what it has to be', async (definition, says) => {
    const agent = { id: 'x', capabilities: {}, ...definition };
    const { reason, text } = await refusal(() => serveAgent(agent as AgentDefinition));
    expect(reason).toBe('INVALID_MESSAGE');
    expect(text).toContain(`The agent cannot be served as it is defined: ${says}`);
  });

  it('that cannot be served is told everything that is wrong with it at once', async () => {
    const capabilities = { 'a b': {}, work: { handle: () => 1, defaultTtlMs: -1 } };
    const agent = { id: 'x', maxConcurrency: -1, maxWaiting: '1', capabilities };
    const { fields } = await refusal(() => serveAgent(agent as never));
    expect(fields).toEqual([
      'maxConcurrency',
      'maxWaiting',
      'capabilities["a b"].handle',
      'capabilities.work.defaultTtlMs',
    ]);
  });

  it('may have the limits at their ends', async () => {
    const ends = { maxConcurrency: 2 ** 31 - 1, maxWaiting: 0, ...work({ defaultTtlMs: 3_600_000 }) };
    await (await serveAgent({ id: 'x', ...ends })).close();
  });

  it.each(['input', 'output'])('whose %s schema is none cannot be served, and is told which', async (key) => {
    const capabilities = { 'text.work': { [key]: { type: 'nonsense' }, handle: () => 1 } };
    const { reason, fields, text } = await refusal(() => serveAgent({ id: 'x', capabilities }));
    expect({ reason, field: fields[0] }).toEqual({
      reason: 'INVALID_MESSAGE',
      field: `capabilities["text.work"].${key}.type`,
    });
    expect(text).toContain(`capabilities["text.work"].${key}.type must be`);
  });

  it('refuses a request without a message', async () => {
    const { client } = await served({});
    expect(await reasonIn(client.handle({}))).toBe('INVALID_MESSAGE');
  });
});

describe.each(DOORS)('A heartbeat over %s', (door) => {
  it('tells what the agent is doing, and what it has done', async () => {
    const going = Promise.withResolvers<JsonValue>();
    const { ask, agent } = await served({
      capabilities: {
        wait: { handle: () => going.promise },
        fail: { handle: () => Promise.reject(new Error('no')) },
        work: { handle: () => 1 },
      },
    });
    const beat = async () => (await ask[door]({ type: HEARTBEAT }))?.heartbeat;
    const counts = (received: bigint, inFlight: number, failed: bigint) => ({ received, inFlight, failed });
    expect(await beat()).toMatchObject({ status: AgentStatus.IDLE, ...counts(0n, 0, 0n) });

    const waiting = ask[door]({ capability: 'wait' });
    while (agent.history.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await failureOf(ask[door]({ capability: 'fail' }));
    expect(await beat()).toMatchObject({ status: AgentStatus.BUSY, ...counts(2n, 1, 1n) });
    going.resolve(null);
    await waiting;
    expect(await beat()).toMatchObject({ status: AgentStatus.IDLE, ...counts(2n, 0, 1n) });

    await failureOf(ask[door]({ capability: 'fail' }));
    await failureOf(ask[door]({ capability: 'nothing that it can do' }));
    expect(await beat()).toMatchObject({ status: AgentStatus.ERROR, ...counts(4n, 0, 3n) });
    await ask[door]({ capability: 'work' });
    expect(await beat()).toMatchObject({ status: AgentStatus.IDLE, ...counts(5n, 0, 3n) });
  });
});

describe.each(DOORS)('A broadcast over %s', (door) => {
  it('is acknowledged where the agent does not say otherwise', async () => {
    const { ask } = await served({});
    expect(await ask[door]({ type: BROADCAST, payload: 'news' })).toBeUndefined();
  });

  it('is heard by the agent, which may only acknowledge it, or reply: null too', async () => {
    const heard: JsonValue[] = [];
    const { ask } = await served({
      onBroadcast: (payload, { task }) => {
        heard.push(payload);
        return task === 'acknowledge' ? undefined : payload;
      },
    });
    expect(await ask[door]({ type: BROADCAST, payload: 'one', task: 'acknowledge' })).toBeUndefined();
    expect(fromValue((await ask[door]({ type: BROADCAST, payload: 'two' }))?.payload)).toBe('two');
    expect((await ask[door]({ type: BROADCAST }))?.payload?.kind.case).toBe('nullValue');
    expect(heard).toEqual(['one', 'two', null]);
  });

  it.each<[string, () => Promise<JsonValue>]>([
    ['fails', () => Promise.reject(new Error('no'))],
    ['answers no JSON', async () => Number.NaN],
  ])('that the agent %s at fails HANDLER_FAILED', async (_, onBroadcast) => {
    const { ask } = await served({ onBroadcast });
    const error = await failureOf(ask[door]({ type: BROADCAST }));
    expect(errorInfoOf(error)).toMatchObject({ reason: 'HANDLER_FAILED', metadata: { agent: 'tested' } });
  });

  it('is refused when it has expired, and given up when its time runs out', async () => {
    let heard = 0;
    const onBroadcast = () => {
      heard++;
      return new Promise<JsonValue>(() => {});
    };
    const { ask } = await served({ onBroadcast });
    expect(await reasonIn(ask[door]({ type: BROADCAST, ttl: msToDuration(0) }))).toBe('MESSAGE_EXPIRED');
    expect(heard).toBe(0);
    expect(await reasonIn(ask[door]({ type: BROADCAST, ttl: msToDuration(30) }))).toBe('TASK_TIMED_OUT');
  });
});

describe.each(DOORS)('A message over %s', (door) => {
  it.each([MessageType.RESULT, MessageType.PROGRESS, 99 as MessageType])(
    'of type %i is UNKNOWN_MESSAGE_TYPE',
    async (type) => {
      const { ask } = await served({});
      expect(await reasonIn(ask[door]({ type }))).toBe('UNKNOWN_MESSAGE_TYPE');
    },
  );

  it('is remembered without its payload: the last 256, the oldest first', async () => {
    const { ask, agent } = await served({ capabilities: { work: { handle: () => 1 } } });
    await Promise.all(Array.from({ length: 258 }, (_, n) => ask[door]({ id: `${n}`, capability: 'work' })));
    await ask[door]({ id: 'news', type: BROADCAST });
    expect(agent.history).toHaveLength(256);
    expect(agent.history[0]).toMatchObject({ id: '3', sender: 'test', capability: 'work' });
    expect(agent.history.at(-1)).toMatchObject({ id: 'news', capability: '' });
    expect(agent.history.every(({ ms, error }) => ms !== undefined && error === undefined)).toBe(true);
    expect(JSON.stringify(agent.history)).not.toContain('payload');
  });
});
