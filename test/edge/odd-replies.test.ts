import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { jsonRegistry } from '../../services/protocol/json-door.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { TestMesh, type TestOrchestrator } from '../orchestrator/test-mesh.ts';
import { answering, LIST, type MessageInit, NAN, result, withMember } from './odd-member.ts';

const mesh = new TestMesh();

/** The orchestrator's service by Connect over HTTP/2, in JSON or binary. */
function connect({ http }: TestOrchestrator, useBinaryFormat: boolean) {
  const transport = createConnectTransport({
    baseUrl: `http://${http}`,
    httpVersion: '2',
    useBinaryFormat,
    jsonOptions: { registry: jsonRegistry },
  });
  return createClient(OrchestratorService, transport);
}

/** What comes back over a link: the type of each reply, and what it holds, by the id of its task. */
async function repliesTo(link: ReturnType<typeof connect>['link'], ...tasks: MessageInit[]) {
  const answered = Promise.withResolvers<void>();
  async function* requests() {
    yield { messages: tasks };
    await answered.promise;
  }
  const replies: Record<string, unknown> = {};
  for await (const { messages } of link(requests())) {
    for (const { type, payload, error, correlationId } of messages) {
      if (type === MessageType.HEARTBEAT) continue;
      replies[correlationId] = [MessageType[type], error ? error.message : fromValue(payload)];
    }
    if (Object.keys(replies).length === tasks.length) answered.resolve();
  }
  return replies;
}

describe('a link by Connect', () => {
  it.each([
    ['JSON', false],
    ['binary', true],
  ])('in %s brings every reply', async (_, isBinary) => {
    const orchestrator = await withMember(
      mesh,
      answering('Link', (task) => result(toValue(`${task}!`))),
    );
    const task = { capability: 'strange.work' };
    const tasks = [
      { ...task, id: 'a', task: 'one' },
      { ...task, id: 'b', task: 'two' },
    ];
    expect(await repliesTo(connect(orchestrator, isBinary).link, ...tasks)).toEqual({
      a: ['RESULT', 'one!'],
      b: ['RESULT', 'two!'],
    });
  });

  it('in JSON has an ERROR for a reply that JSON cannot hold, and goes on', async () => {
    const reply = (task: string) => result(task === 'odd' ? NAN : LIST);
    const orchestrator = await withMember(mesh, answering('Link', reply));
    const task = { capability: 'strange.work' };
    const tasks = [
      { ...task, id: 'a', task: 'odd' },
      { ...task, id: 'b' },
    ];
    expect(await repliesTo(connect(orchestrator, false).link, ...tasks)).toEqual({
      a: ['ERROR', expect.stringContaining('NaN')],
      b: ['RESULT', [null]],
    });
  });
});

describe('a stream in JSON', () => {
  it('leaves out what a PROGRESS holds that JSON cannot, and brings the RESULT', async () => {
    const orchestrator = await withMember(mesh, {
      card: { servesLink: true },
      async *link(requests) {
        for await (const { messages } of requests) {
          for (const { id: correlationId, type } of messages) {
            if (type !== MessageType.TASK) continue;
            const progress = { type: MessageType.PROGRESS, sequence: 1, payload: NAN };
            yield { messages: [{ ...progress, correlationId }] };
            yield { messages: [{ ...result(toValue('done')), correlationId }] };
          }
        }
      },
    });
    const answers = [];
    const task = { message: { capability: 'strange.work' } };
    for await (const { message } of connect(orchestrator, false).dispatchStream(task)) {
      answers.push([MessageType[message!.type], message!.payload && fromValue(message!.payload)]);
    }
    expect(answers).toEqual([
      ['PROGRESS', undefined],
      ['RESULT', 'done'],
    ]);
  });

  it('tells of a reply to a broadcast that JSON cannot hold as its failure, and of the others', async () => {
    const handle = () => ({ message: result(NAN) });
    const orchestrator = await withMember(mesh, { handle });
    await mesh.agent(
      { id: 'other', capabilities: {}, onBroadcast: () => 'hi' },
      { orchestrators: [orchestrator.address] },
    );
    await orchestrator.knows('other');
    const replies: Record<string, unknown> = {};
    for await (const { agentId, outcome } of connect(orchestrator, false).broadcast({ message: {} })) {
      if (outcome.case === 'reply') replies[agentId] = fromValue(outcome.value.payload);
      if (outcome.case === 'error') replies[agentId] = outcome.value.message;
    }
    expect(replies).toEqual({ stranger: expect.stringContaining('NaN'), other: 'hi' });
  });
});
