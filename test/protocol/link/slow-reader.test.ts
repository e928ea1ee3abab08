import { setImmediate as turn } from 'node:timers/promises';
import { create, fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HeartbeatSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { messageCodecs } from '../../../services/protocol/codecs.ts';
import { serveLink } from '../../../services/protocol/link/serve-link.ts';
import { MAX_MESSAGE_BYTES } from '../../../services/protocol/message.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { replyTo, resultOf } from '../../../services/protocol/reply.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';
import { testContext } from '../../rpc/call-context.ts';
import { serveTasks } from './links.ts';
import { heartbeat, refusalIn, sized, task } from './messages.ts';
import { RawOpener } from './raw-link.ts';

const { RESULT, PROGRESS, HEARTBEAT } = MessageType;

describe('A task whose PROGRESS is not read', () => {
  it.each([
    ['over 256 of them', 257, 10],
    ['over 1 MiB of them', 3, 400 * 1024],
  ])('ends SLOW_READER at %s and is cancelled; other tasks go on', async (_, count, bytes) => {
    const stopped = Promise.withResolvers<RpcError>();
    const { client } = await serveTasks({
      task: (task, sink, { signal }) => {
        if (task.id === 'other') return sink.result(resultOf(task, null));
        signal.addEventListener('abort', () => stopped.resolve(signal.reason));
        for (let n = 1; n <= count + 5; n++) {
          sink.progress(replyTo(task, PROGRESS, { sequence: n, task: 'x'.repeat(bytes) }));
        }
        sink.result(resultOf(task, null));
      },
    });
    const opener = new RawOpener(client);
    opener.say(task('slow'), task('other'));
    const replies = await opener.take(count + 1);
    expect(replies.slice(0, count - 1).every(({ type }) => type === PROGRESS)).toBe(true);
    expect(refusalIn(replies[count - 1])).toEqual({ about: 'slow', reason: 'SLOW_READER' });
    expect(replies[count]).toMatchObject({ type: RESULT, correlationId: 'other' });
    expect(reasonOf(await stopped.promise)).toBe('SLOW_READER');
  });

  it('may send one that is over 1 MiB alone, but none that is over the size of a message', async () => {
    const { client } = await serveTasks({
      task: (task, sink) => sink.progress(sized(replyTo(task, PROGRESS), Number(task.task))),
    });
    const opener = new RawOpener(client);
    opener.say(task('large', { task: `${2 * 1024 * 1024}` }));
    expect(await opener.next()).toMatchObject({ type: PROGRESS, correlationId: 'large' });
    opener.say(task('too large', { task: `${MAX_MESSAGE_BYTES + 1}` }), heartbeat('after'));
    expect(refusalIn(await opener.next())).toEqual({ about: 'too large', reason: 'MESSAGE_TOO_LARGE' });
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });

  it('is held to its bounds by the network: a reader that stops costs the server no more', async () => {
    let produced = 0;
    const stopped = Promise.withResolvers<RpcError>();
    const { client } = await serveTasks({
      task: async (task, sink, { signal }) => {
        const chunk = 'x'.repeat(200 * 1024);
        while (!signal.aborted && produced < 64 * 1024 * 1024) {
          sink.progress(replyTo(task, PROGRESS, { task: chunk }));
          produced += chunk.length;
          await turn();
        }
        stopped.resolve(signal.reason);
      },
    });
    const opener = new RawOpener(client);
    opener.say(task('1'));
    await opener.next();
    expect(reasonOf(await stopped.promise)).toBe('SLOW_READER');
    // What HTTP/2 and the reader's own stream take in is 8 MiB and 16 batches; beyond that it is 1 MiB and a batch.
    expect(produced).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('An opener that asks on and on, and reads nothing', () => {
  it('is not read either beyond 4,096 answers, and loses none once it reads', async () => {
    const batches = 1000;
    let read = 0;
    async function* requests() {
      for (; read < batches; read++) {
        yield { messages: Array.from({ length: 16 }, (_, n) => task(`${read}-${n}`)) };
      }
    }
    const answers = serveLink(requests(), testContext(), {
      id: 'server',
      schema: AgentServiceLinkResponseSchema,
      task: (task, sink) => sink.result(resultOf(task, null)),
      broadcast: async () => undefined,
      heartbeat: () => create(HeartbeatSchema),
    });
    for (let n = 0; n < 100; n++) await turn();
    expect(read).toBe(4096 / 16);

    let answered = 0;
    for await (const batch of answers) {
      const bytes = messageCodecs.get(AgentServiceLinkResponseSchema)!.serialize(batch);
      answered += fromBinary(AgentServiceLinkResponseSchema, bytes).messages.length;
    }
    expect(answered).toBe(16 * batches);
  });
});
