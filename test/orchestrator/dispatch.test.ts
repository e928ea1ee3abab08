import { create } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../services/agent/index.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { packDetail, RpcError } from '../../services/rpc/rpc-error.ts';
import { echo } from './agents.ts';
import { AGENT_WAYS, failure, failureOf, TestMesh, WAYS } from './test-mesh.ts';

describe.each(WAYS)('A task by $caller, to an agent by $agent,', ({ caller, agent }) => {
  const mesh = new TestMesh({ agents: agent });

  it('is answered with its RESULT, by the agent, to its caller', async () => {
    const { ask } = await mesh.settledWith(echo());
    const task = { id: 'the-task', payload: toValue({ n: 1 }), sender: 'me' };
    for (const target of [{ receiver: 'echo' }, { capability: 'echo.say' }]) {
      const message = await ask[caller]({ ...task, ...target });
      const { RESULT: type } = MessageType;
      expect(message).toMatchObject({ type, sender: 'echo', receiver: 'me', correlationId: 'the-task' });
      expect(fromValue(message.payload)).toEqual({ by: 'echo', said: { n: 1 } });
    }
  });

  it('that nobody can do names what was asked for nearly', async () => {
    const { ask } = await mesh.settledWith(echo('summarizer', ['text.summarize']));
    const named = await failureOf(ask[caller]({ receiver: 'sumarizer' }));
    expect(named.message).toContain('Did you mean summarizer?');
    expect(errorInfoOf(named)).toMatchObject({ reason: 'AGENT_NOT_FOUND', metadata: { agent: 'sumarizer' } });
    const capability = await failureOf(ask[caller]({ capability: 'text.summarise' }));
    expect(capability.message).toContain('Did you mean text.summarize?');
    expect(errorInfoOf(capability)).toMatchObject({
      reason: 'CAPABILITY_NOT_FOUND',
      metadata: { capability: 'text.summarise' },
    });
    const has = await failureOf(ask[caller]({ receiver: 'summarizer', capability: 'text.sing' }));
    expect(has.message).toContain('summarizer has no capability text.sing');
    const far = await failureOf(ask[caller]({ capability: 'something.else' }));
    expect(far.message).toContain('ListAgents');
  });

  it('waits, within the first lease, for an agent that is on its way', async () => {
    const orchestrator = await mesh.orchestrator();
    const payload = toValue(1);
    const sent = orchestrator.ask[caller]({ receiver: 'echo', payload });
    const dispatched = orchestrator.ask[caller]({ capability: 'echo.say', payload });
    await mesh.agent(echo(), { orchestrators: [orchestrator.address] });
    expect((await sent).sender).toBe('echo');
    expect((await dispatched).sender).toBe('echo');
  });

  it('waits no longer than it may live', async () => {
    const { ask } = await mesh.orchestrator();
    const message = { capability: 'echo.say', ttl: { nanos: 200_000_000 } };
    const startedAt = performance.now();
    expect(await failure(ask[caller](message))).toBe('NOT_FOUND / CAPABILITY_NOT_FOUND');
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  it('for an agent with just one capability need not name it', async () => {
    const { ask } = await mesh.settledWith(echo('one', ['one.thing']), echo('two', ['two.a', 'two.b']));
    expect((await ask[caller]({ receiver: 'one' })).sender).toBe('one');
    expect(await failure(ask[caller]({ receiver: 'two' }))).toBe('NOT_FOUND / CAPABILITY_NOT_FOUND');
  });

  it('fails with what the agent says went wrong, untouched', async () => {
    const own = create(ErrorInfoSchema, {
      reason: 'OUT_OF_INK',
      domain: 'printer.example',
      metadata: { ink: 'red' },
    });
    const { ask } = await mesh.settledWith({
      id: 'printer',
      capabilities: {
        'print.own': {
          handle() {
            throw new RpcError(Code.RESOURCE_EXHAUSTED, 'No ink.', [packDetail(ErrorInfoSchema, own)]);
          },
        },
        'print.ours': {
          handle() {
            throw troupeError('INVALID_PAYLOAD', 'Not like this.', {
              violations: [{ field: 'x', description: 'y' }],
            });
          },
        },
        'print.plain': {
          handle() {
            throw new Error('jammed');
          },
        },
      },
    });
    const error = await failureOf(ask[caller]({ capability: 'print.own' }));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: 'No ink.' });
    expect(error.details).toHaveLength(1);
    expect(anyUnpack(error.details[0]!, ErrorInfoSchema)).toEqual(own);
    const ours = failure(ask[caller]({ capability: 'print.ours' }));
    expect(await ours).toBe('INVALID_ARGUMENT / INVALID_PAYLOAD');
    const plain = await failureOf(ask[caller]({ receiver: 'printer', capability: 'print.plain' }));
    expect(errorInfoOf(plain)).toMatchObject({ reason: 'HANDLER_FAILED', metadata: { agent: 'printer' } });
    expect(plain.message).toContain('jammed');
  });

  it('that went in a ring is refused', async () => {
    const { ask } = await mesh.settledWith({
      id: 'ring',
      capabilities: { 'ring.round': { handle: (_, task) => task.call('ring.round', null).then(() => null) } },
    });
    const message = { capability: 'ring.round', hops: 17 };
    expect(await failure(ask[caller](message))).toBe('FAILED_PRECONDITION / HOP_LIMIT');
    expect(await failure(ask[caller]({ capability: 'ring.round' }))).toBe(
      'FAILED_PRECONDITION / NO_ORCHESTRATOR',
    );
  });

  it('of an agent that asks itself is stopped after sixteen rounds', async () => {
    let rounds = 0;
    const orchestrator = await mesh.orchestrator();
    const handle = async (_: never, task: { call(name: string, payload: null): Promise<unknown> }) => {
      rounds += 1;
      await task.call('ring.round', null);
      return null;
    };
    const definition = { id: 'ring', capabilities: { 'ring.round': { handle } } };
    await mesh.agent(definition, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('ring');
    expect(await failure(orchestrator.ask[caller]({ capability: 'ring.round' }))).toBe(
      'FAILED_PRECONDITION / HOP_LIMIT',
    );
    expect(rounds).toBe(17);
  });

  // The link of an orchestrator takes a CANCEL, and a HEARTBEAT for itself.
  it.each([MessageType.RESULT, MessageType.PROGRESS, 99])('is no message of type %i', async (type) => {
    const { ask } = await mesh.settledWith(echo());
    for (const target of [{ receiver: 'echo' }, { capability: 'echo.say' }]) {
      expect(await failure(ask[caller]({ ...target, type }))).toBe('UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE');
    }
  });
});

describe.each(AGENT_WAYS)('Send and Dispatch, to an agent by %s,', (agents) => {
  const mesh = new TestMesh({ agents });

  it('answer the RESULT with the instance that did it, and at which attempt', async () => {
    const { rpc } = await mesh.settledWith(echo());
    const payload = toValue({ n: 1 });
    const sent = await rpc.send({ message: { receiver: 'echo', payload, sender: 'me' } });
    const dispatched = await rpc.dispatch({ message: { capability: 'echo.say', payload, sender: 'me' } });
    for (const { message, attempt, instanceId } of [sent, dispatched]) {
      expect(message).toMatchObject({ type: MessageType.RESULT, sender: 'echo', receiver: 'me' });
      expect(fromValue(message?.payload)).toEqual({ by: 'echo', said: { n: 1 } });
      expect(attempt).toBe(1);
      expect(instanceId).not.toBe('');
    }
  });

  it('take traces from the metadata of a call into the headers, and authorization never', async () => {
    const seen = Promise.withResolvers<Record<string, string>>();
    const { rpc } = await mesh.settledWith({
      id: 'headers',
      capabilities: {
        'headers.see': {
          handle(_, { message }) {
            seen.resolve(message.headers);
            return null;
          },
        },
      },
    });
    const headers = {
      traceparent: '00-abc',
      baggage: 'k=v',
      authorization: 'Bearer secret',
      'x-other': 'no',
    };
    const message = { capability: 'headers.see', headers: { mine: 'stays' } };
    await rpc.dispatch({ message }, { headers });
    expect(await seen.promise).toEqual({ mine: 'stays', traceparent: '00-abc', baggage: 'k=v' });
  });

  it('say what is missing in a request', async () => {
    const { rpc } = await mesh.settledWith(echo());
    expect(await failure(rpc.send({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(await failure(rpc.dispatch({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(await failure(rpc.send({ message: { capability: 'echo.say' } }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
    expect(await failure(rpc.dispatch({ message: { receiver: 'echo' } }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
    expect(await failure(rpc.dispatch({ message: { receiver: 'echo', capability: 'echo.say' } }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
  });
});

describe.each(AGENT_WAYS)('Send, to an agent by %s,', (agents) => {
  const mesh = new TestMesh({ agents });

  it('takes a HEARTBEAT, and answers how the agent is', async () => {
    const { rpc } = await mesh.settledWith(echo());
    await rpc.send({ message: { receiver: 'echo' } });
    const { message } = await rpc.send({ message: { receiver: 'echo', type: MessageType.HEARTBEAT } });
    expect(message).toMatchObject({ type: MessageType.HEARTBEAT, sender: 'echo' });
    expect(message?.heartbeat).toMatchObject({ received: 1n, inFlight: 0, failed: 0n });
  });

  it('takes a BROADCAST for one agent: a reply, or nothing where it was acknowledged', async () => {
    const { rpc } = await mesh.settledWith(
      { ...echo('replies'), onBroadcast: (news) => ({ heard: news }) },
      echo('listens'),
    );
    const type = MessageType.BROADCAST;
    const reply = await rpc.send({ message: { receiver: 'replies', type, payload: toValue('news') } });
    expect(fromValue(reply.message?.payload)).toEqual({ heard: 'news' });
    const acknowledged = await rpc.send({ message: { receiver: 'listens', type } });
    expect(acknowledged.message).toBeUndefined();
    expect(acknowledged.instanceId).not.toBe('');
  });

  it('refuses what has expired before any work, and tells a message for nobody who that is', async () => {
    const { rpc } = await mesh.settledWith(echo());
    for (const type of [MessageType.TASK, MessageType.BROADCAST, MessageType.HEARTBEAT]) {
      const message = { receiver: 'echo', type, ttl: {} };
      expect(await failure(rpc.send({ message }))).toBe('DEADLINE_EXCEEDED / MESSAGE_EXPIRED');
      expect(await failure(rpc.send({ message: { receiver: 'ecko', type } }))).toBe(
        'NOT_FOUND / AGENT_NOT_FOUND',
      );
    }
  });

  it('refuses a CANCEL', async () => {
    const { rpc } = await mesh.settledWith(echo());
    const message = { receiver: 'echo', type: MessageType.CANCEL };
    expect(await failure(rpc.send({ message }))).toBe('UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE');
  });
});
