import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HeartbeatSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { serveLink } from '../../../services/protocol/link/serve-link.ts';
import { reasonOf, troupeError } from '../../../services/protocol/reason.ts';
import { replyTo, resultOf } from '../../../services/protocol/reply.ts';
import { stoppedBy } from '../../../services/protocol/stopped.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { testContext } from '../../rpc/call-context.ts';
import { aborted, kept, serveTasks } from './links.ts';
import { heartbeat, message, refusalIn, task } from './messages.ts';
import { RawOpener } from './raw-link.ts';

const { RESULT, ERROR, PROGRESS, HEARTBEAT, CANCEL, BROADCAST } = MessageType;

describe('The serving end of a link', () => {
  it('answers tasks as they end, each about its own', async () => {
    const tasks = kept();
    const opener = new RawOpener((await serveTasks({ task: tasks.handler })).client);
    opener.say(task('1'), task('2'), task('3'));
    for (const id of ['3', '1', '2']) {
      const { task, sink } = await tasks.get(id);
      sink.result(resultOf(task, `done ${id}`));
    }
    const replies = await opener.take(3);
    expect(replies.map(({ correlationId, payload }) => [correlationId, fromValue(payload)])).toEqual([
      ['3', 'done 3'],
      ['1', 'done 1'],
      ['2', 'done 2'],
    ]);
  });

  it("sends a task's messages in order, and nothing after its end", async () => {
    const { client } = await serveTasks({
      task: (task, sink) => {
        for (let sequence = 1; sequence <= 5; sequence++)
          sink.progress(replyTo(task, PROGRESS, { sequence }));
        sink.result(resultOf(task, null));
        sink.progress(replyTo(task, PROGRESS, { sequence: 6 }));
        sink.result(resultOf(task, null));
        sink.error(troupeError('HANDLER_FAILED', 'Too late.'));
      },
    });
    const opener = new RawOpener(client);
    opener.say(task('1'), heartbeat('2'));
    const replies = await opener.take(7);
    expect(replies.map(({ type, sequence }) => [type, sequence])).toEqual([
      ...[1, 2, 3, 4, 5].map((sequence) => [PROGRESS, sequence]),
      [RESULT, 0],
      [HEARTBEAT, 0],
    ]);
  });

  it('refuses an id that is in flight, and takes it again once it is not', async () => {
    const tasks = kept();
    const broadcast = Promise.withResolvers<undefined>();
    const { client } = await serveTasks({ task: tasks.handler, broadcast: () => broadcast.promise });
    const opener = new RawOpener(client);
    opener.say(
      task('1'),
      task('1'),
      message({ id: '2', type: BROADCAST }),
      message({ id: '2', type: BROADCAST }),
    );
    expect(refusalIn(await opener.next())).toEqual({ about: '1', reason: 'DUPLICATE_ID' });
    expect(refusalIn(await opener.next())).toEqual({ about: '2', reason: 'DUPLICATE_ID' });
    const first = await tasks.get('1');
    first.sink.result(resultOf(first.task, 'first'));
    expect(await opener.next()).toMatchObject({ type: RESULT, correlationId: '1' });
    opener.say(task('1'), heartbeat('after'));
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });

  it('answers CANCEL only with the end of its task, once', async () => {
    const { client } = await serveTasks({
      task: (_, sink, { signal }) => signal.addEventListener('abort', () => sink.error(stoppedBy(signal))),
    });
    const opener = new RawOpener(client);
    const cancel = message({ type: CANCEL, correlationId: '1' });
    opener.say(task('1'), cancel, cancel, heartbeat('after'));
    expect(refusalIn(await opener.next())).toEqual({ about: '1', reason: 'TASK_CANCELLED' });
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });

  it('stops a broadcast at its CANCEL, and when the link breaks', async () => {
    const reasons: Promise<string | undefined>[] = [];
    const heard = Promise.withResolvers<void>();
    const { client } = await serveTasks({
      broadcast: async (_, { signal }) => {
        const reason = aborted(signal).then(() => reasonOf(stoppedBy(signal)));
        if (reasons.push(reason) === 2) heard.resolve();
        await reason;
        throw stoppedBy(signal);
      },
    });
    const breaks = new AbortController();
    const opener = new RawOpener(client, breaks.signal);
    opener.say(message({ id: '1', type: BROADCAST }), message({ id: '2', type: BROADCAST }));
    opener.say(message({ type: CANCEL, correlationId: '1' }));
    expect(refusalIn(await opener.next())).toEqual({ about: '1', reason: 'TASK_CANCELLED' });
    await heard.promise;
    const broken = expect(opener.next()).rejects.toThrow();
    breaks.abort();
    await broken;
    expect(await Promise.all(reasons)).toEqual(['TASK_CANCELLED', 'TASK_CANCELLED']);
  });

  it('begins nothing more of a batch once the link has broken', async () => {
    let begun = 0;
    const ends = new AbortController();
    async function* requests() {
      yield { messages: [task('1'), task('2'), task('3')] };
      await aborted(ends.signal);
    }
    const link = serveLink(requests(), testContext({ signal: ends.signal }), {
      id: 'server',
      schema: AgentServiceLinkResponseSchema,
      task: () => {
        begun++;
        ends.abort(new RpcError(Code.CANCELLED, 'The caller went away.'));
      },
      broadcast: async () => undefined,
      heartbeat: () => create(HeartbeatSchema),
    });
    await expect(link.next()).rejects.toThrow('went away');
    expect(begun).toBe(1);
  });

  it('ignores a CANCEL of what is not in flight', async () => {
    const opener = new RawOpener((await serveTasks({})).client);
    opener.say(message({ type: CANCEL, correlationId: 'nobody' }), heartbeat('after'));
    expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
  });

  it.each([RESULT, ERROR, PROGRESS, 99 as MessageType])(
    'answers a message of type %i, which an opener does not send, with an ERROR',
    async (type) => {
      const opener = new RawOpener((await serveTasks({})).client);
      opener.say(message({ id: 'odd', type }), heartbeat('after'));
      expect(refusalIn(await opener.next())).toEqual({ about: 'odd', reason: 'UNKNOWN_MESSAGE_TYPE' });
      expect(await opener.next()).toMatchObject({ type: HEARTBEAT, correlationId: 'after' });
    },
  );

  it('answers an ERROR for a handler that throws, and for a reply that cannot be encoded', async () => {
    const { client } = await serveTasks({
      task: (task, sink) => {
        if (task.id === 'throws') throw new TypeError('boom');
        sink.result({ ...replyTo(task, RESULT), sequence: 'no number' as unknown as number });
      },
    });
    const opener = new RawOpener(client);
    opener.say(task('throws'), task('cannot be encoded'));
    expect(await opener.take(2)).toMatchObject([
      { type: ERROR, correlationId: 'throws', error: { code: Code.UNKNOWN, message: 'boom' } },
      { type: ERROR, correlationId: 'cannot be encoded', error: { code: Code.UNKNOWN } },
    ]);
  });

  it('replies to a broadcast, acknowledges it with a RESULT without a payload, or says why not', async () => {
    const { client } = await serveTasks({
      broadcast: async (sent) => {
        if (sent.task === 'fail') throw troupeError('HANDLER_FAILED', 'No.');
        return sent.task === 'reply' ? resultOf(sent, 'heard') : undefined;
      },
    });
    const opener = new RawOpener(client);
    const broadcasts = ['reply', 'acknowledge', 'fail'];
    opener.say(...broadcasts.map((task) => message({ id: task, type: BROADCAST, task })));
    const replies = new Map((await opener.take(3)).map((reply) => [reply.correlationId, reply]));
    expect(fromValue(replies.get('reply')!.payload)).toBe('heard');
    expect(replies.get('acknowledge')?.type).toBe(RESULT);
    expect(replies.get('acknowledge')?.payload).toBeUndefined();
    expect(refusalIn(replies.get('fail'))).toEqual({ about: 'fail', reason: 'HANDLER_FAILED' });
  });
});
