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
import { failure, failureOf, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

/** An orchestrator past its first lease, with the agents given. */
async function meshOf(...definitions: Parameters<TestMesh['agent']>[0][]) {
  const agents = await Promise.all(definitions.map((definition) => mesh.agent(definition)));
  const orchestrator = await mesh.orchestrator({ static: agents.map(({ address }) => address), leaseMs: 1 });
  for (const { id } of definitions) await orchestrator.knows(id);
  return orchestrator;
}

describe('Send and Dispatch', () => {
  it('answer the RESULT, the instance that did it, and at which attempt', async () => {
    const { rpc } = await meshOf(echo());
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

  it('name the agent that was asked for nearly', async () => {
    const { rpc } = await meshOf(echo('summarizer', ['text.summarize']));
    const agent = await failureOf(rpc.send({ message: { receiver: 'sumarizer' } }));
    expect(agent.message).toContain('Did you mean summarizer?');
    expect(errorInfoOf(agent)).toMatchObject({ reason: 'AGENT_NOT_FOUND', metadata: { agent: 'sumarizer' } });
    const capability = await failureOf(rpc.dispatch({ message: { capability: 'text.summarise' } }));
    expect(capability.message).toContain('Did you mean text.summarize?');
    expect(errorInfoOf(capability)).toMatchObject({
      reason: 'CAPABILITY_NOT_FOUND',
      metadata: { capability: 'text.summarise' },
    });
    const has = await failureOf(rpc.send({ message: { receiver: 'summarizer', capability: 'text.sing' } }));
    expect(has.message).toContain('summarizer has no capability text.sing');
    const far = await failureOf(rpc.dispatch({ message: { capability: 'something.else' } }));
    expect(far.message).toContain('ListAgents');
  });

  it('wait, within the first lease, for an agent that is on its way', async () => {
    const orchestrator = await mesh.orchestrator();
    const payload = toValue(1);
    const sent = orchestrator.rpc.send({ message: { receiver: 'echo', payload } });
    const dispatched = orchestrator.rpc.dispatch({ message: { capability: 'echo.say', payload } });
    await mesh.agent(echo(), { orchestrators: [orchestrator.address] });
    expect((await sent).message?.sender).toBe('echo');
    expect((await dispatched).message?.sender).toBe('echo');
  });

  it('wait no longer than the task may live', async () => {
    const { rpc } = await mesh.orchestrator();
    const message = { capability: 'echo.say', ttl: { nanos: 200_000_000 } };
    const startedAt = performance.now();
    expect(await failure(rpc.dispatch({ message }))).toBe('NOT_FOUND / CAPABILITY_NOT_FOUND');
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  it('ask for the only capability where a task for an agent names none', async () => {
    const { rpc } = await meshOf(echo('one', ['one.thing']), echo('two', ['two.a', 'two.b']));
    expect((await rpc.send({ message: { receiver: 'one' } })).message?.sender).toBe('one');
    expect(await failure(rpc.send({ message: { receiver: 'two' } }))).toBe(
      'NOT_FOUND / CAPABILITY_NOT_FOUND',
    );
  });

  it('pass on what an agent says went wrong, untouched', async () => {
    const own = create(ErrorInfoSchema, {
      reason: 'OUT_OF_INK',
      domain: 'printer.example',
      metadata: { ink: 'red' },
    });
    const { rpc } = await meshOf({
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
    const error = await failureOf(rpc.dispatch({ message: { capability: 'print.own' } }));
    expect(error).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, message: 'No ink.' });
    expect(error.details).toHaveLength(1);
    expect(anyUnpack(error.details[0]!, ErrorInfoSchema)).toEqual(own);
    const ours = failure(rpc.dispatch({ message: { capability: 'print.ours' } }));
    expect(await ours).toBe('INVALID_ARGUMENT / INVALID_PAYLOAD');
    const plain = await failureOf(rpc.send({ message: { receiver: 'printer', capability: 'print.plain' } }));
    expect(errorInfoOf(plain)).toMatchObject({ reason: 'HANDLER_FAILED', metadata: { agent: 'printer' } });
    expect(plain.message).toContain('jammed');
  });

  it('take traces from the metadata of a call into the headers, and authorization never', async () => {
    const seen = Promise.withResolvers<Record<string, string>>();
    const { rpc } = await meshOf({
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
    const { rpc } = await meshOf(echo());
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

  it('refuse work that went in a ring', async () => {
    const { rpc, troupe } = await meshOf({
      id: 'ring',
      capabilities: { 'ring.round': { handle: (_, task) => task.call('ring.round', null).then(() => null) } },
    });
    const message = { capability: 'ring.round', hops: 17 };
    expect(await failure(rpc.dispatch({ message }))).toBe('FAILED_PRECONDITION / HOP_LIMIT');
    expect(await failure(troupe.dispatch('ring.round', null))).toBe('FAILED_PRECONDITION / NO_ORCHESTRATOR');
  });

  it('stop an agent that asks itself after sixteen rounds', async () => {
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
    expect(await failure(orchestrator.troupe.dispatch('ring.round', null))).toBe(
      'FAILED_PRECONDITION / HOP_LIMIT',
    );
    expect(rounds).toBe(17);
  });
});

describe('Send', () => {
  it('takes a HEARTBEAT, and answers how the agent is', async () => {
    const { rpc } = await meshOf(echo());
    await rpc.send({ message: { receiver: 'echo' } });
    const { message } = await rpc.send({ message: { receiver: 'echo', type: MessageType.HEARTBEAT } });
    expect(message).toMatchObject({ type: MessageType.HEARTBEAT, sender: 'echo' });
    expect(message?.heartbeat).toMatchObject({ received: 1n, inFlight: 0, failed: 0n });
  });

  it('takes a BROADCAST for one agent: a reply, or nothing where it was acknowledged', async () => {
    const { rpc } = await meshOf(
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

  it.each([MessageType.RESULT, MessageType.PROGRESS, MessageType.CANCEL, 99])(
    'refuses a message of type %i',
    async (type) => {
      const { rpc } = await meshOf(echo());
      expect(await failure(rpc.send({ message: { receiver: 'echo', type } }))).toBe(
        'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE',
      );
      expect(await failure(rpc.dispatch({ message: { capability: 'echo.say', type } }))).toBe(
        'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE',
      );
    },
  );

  it('refuses what has expired before any work, and tells a message for nobody who that is', async () => {
    const { rpc } = await meshOf(echo());
    for (const type of [MessageType.TASK, MessageType.BROADCAST, MessageType.HEARTBEAT]) {
      const message = { receiver: 'echo', type, ttl: {} };
      expect(await failure(rpc.send({ message }))).toBe('DEADLINE_EXCEEDED / MESSAGE_EXPIRED');
      expect(await failure(rpc.send({ message: { receiver: 'ecko', type } }))).toBe(
        'NOT_FOUND / AGENT_NOT_FOUND',
      );
    }
  });
});
