import { describe, expect, it } from 'vitest';
import { type AgentMessage, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { collect, describeFailure, failure, TestMesh, WAYS } from './test-mesh.ts';

/** Counts aloud, as high as it is asked to, in words as long as it is asked to. */
function counter() {
  const stopped = Promise.withResolvers<string>();
  const definition: AgentDefinition = {
    id: 'counter',
    capabilities: {
      count: {
        async handle(input: { to: number; pad?: number }, task) {
          task.signal.addEventListener('abort', () => stopped.resolve(String(task.signal.reason)));
          for (let n = 1; n <= input.to && !task.signal.aborted; n++) {
            task.progress({ n, pad: 'x'.repeat(input.pad ?? 0) });
            // Lets what was said go out, as work between two numbers would.
            if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          return 'counted';
        },
      },
    },
  };
  return { definition, stopped: stopped.promise };
}

async function counting(mesh: TestMesh) {
  const { definition, stopped } = counter();
  return { ...(await mesh.joinedBy(definition)), stopped };
}

/** What each way tells of a task: neither Dispatch nor Handle carries PROGRESS. */
const ways = WAYS.map((way) => ({ ...way, tells: way.caller !== 'Dispatch' && way.agent === 'Link' }));

describe.each(ways)('A task by $caller, to an agent by $agent,', ({ caller, agent, tells }) => {
  const mesh = new TestMesh({ agents: agent });

  it(`tells ${tells ? 'every PROGRESS in order' : 'no PROGRESS'}, and its RESULT last`, async () => {
    const { ask } = await counting(mesh);
    const heard: unknown[] = [];
    const onProgress = ({ sequence, payload, sender, receiver }: AgentMessage) =>
      heard.push([sequence, fromValue(payload), sender, receiver]);
    const message = { capability: 'count', payload: toValue({ to: 5 }), sender: 'me' };
    const result = await ask[caller](message, { onProgress });
    expect(fromValue(result.payload)).toBe('counted');
    const news = [1, 2, 3, 4, 5].map((n) => [n, { n, pad: '' }, 'counter', 'me']);
    expect(heard).toEqual(tells ? news : []);
  });

  // The agent's end of a link is where it would be sent, whether or not its caller listens.
  it(`${agent === 'Link' ? 'fails' : 'does not fail'} with too large a PROGRESS`, async () => {
    const { ask } = await counting(mesh);
    const message = { capability: 'count', payload: toValue({ to: 1, pad: 4 * 1024 * 1024 }) };
    const end = ask[caller](message).then(({ payload }) => fromValue(payload), describeFailure);
    expect(await end).toBe(agent === 'Link' ? 'RESOURCE_EXHAUSTED / MESSAGE_TOO_LARGE' : 'counted');
  });
});

describe('DispatchStream', () => {
  const mesh = new TestMesh();

  it('tells every PROGRESS in order, and the RESULT last', async () => {
    const { rpc } = await counting(mesh);
    const message = { capability: 'count', payload: toValue({ to: 5 }) };
    const news = await collect(rpc.dispatchStream({ message }));
    expect(news.map(({ message }) => message?.type)).toEqual([
      ...Array(5).fill(MessageType.PROGRESS),
      MessageType.RESULT,
    ]);
    expect(news.slice(0, 5).map(({ message }) => message?.sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(fromValue(news[5]?.message?.payload)).toBe('counted');
    expect(new Set(news.map(({ instanceId, attempt }) => `${instanceId !== ''} ${attempt}`))).toEqual(
      new Set(['true 1']),
    );
  });

  it('sends to the agent that `receiver` names', async () => {
    const { rpc } = await counting(mesh);
    const message = { receiver: 'counter', payload: toValue({ to: 1 }) };
    expect(await collect(rpc.dispatchStream({ message }))).toHaveLength(2);
    expect(await failure(rpc.dispatchStream({ message: {} }))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(await failure(rpc.dispatchStream({}))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    const type = MessageType.BROADCAST;
    expect(await failure(rpc.dispatchStream({ message: { ...message, type } }))).toBe(
      'UNIMPLEMENTED / UNKNOWN_MESSAGE_TYPE',
    );
  });

  it('cuts off a reader that does not keep up, and cancels its task; others go on', async () => {
    const { rpc, stopped } = await counting(mesh);
    const message = { capability: 'count', payload: toValue({ to: 100_000, pad: 4000 }) };
    const slow = rpc.dispatchStream({ message })[Symbol.asyncIterator]();
    await slow.next();
    expect(await stopped).toMatch(/cancel/);
    const other = { capability: 'count', payload: toValue({ to: 3 }) };
    expect(await collect(rpc.dispatchStream({ message: other }))).toHaveLength(4);
    const rest = async () => {
      while (!(await slow.next()).done);
    };
    expect(await failure(rest())).toBe('RESOURCE_EXHAUSTED / SLOW_READER');
  });

  it('cancels the task of a reader that leaves', async () => {
    const { rpc, stopped } = await counting(mesh);
    const message = { capability: 'count', payload: toValue({ to: 1_000_000 }) };
    for await (const _ of rpc.dispatchStream({ message })) break;
    expect(await stopped).toMatch(/cancel/);
  });
});
