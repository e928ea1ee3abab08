import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { reasonOf, troupeError } from '../../services/protocol/reason.ts';
import { progressOf, resultOf } from '../../services/protocol/reply.ts';
import { replyOfTask, type TaskSink } from '../../services/protocol/task-sink.ts';
import { streamOfTask } from '../../services/protocol/task-stream.ts';
import { reasonIn, task } from './link/messages.ts';

const NEVER = new AbortController().signal;
const sent = task('1');

describe('The unary door', () => {
  it('answers the RESULT and where it comes from, and drops the PROGRESS', async () => {
    const reply = await replyOfTask((sink) => {
      sink.routed?.('worker-1', 1);
      sink.progress(progressOf(sent, 1, 'half'));
      sink.routed?.('worker-2', 2);
      sink.result(resultOf(sent, 'whole'));
    });
    expect(reply).toMatchObject({
      instanceId: 'worker-2',
      attempt: 2,
      message: { type: MessageType.RESULT },
    });
  });

  it('throws the ERROR', async () => {
    const failing = replyOfTask((sink) => sink.error(troupeError('OVERLOADED', 'Later.')));
    expect(await reasonIn(failing)).toBe('OVERLOADED');
  });
});

describe('The streaming door', () => {
  it('yields the PROGRESS and last the RESULT, each with where it comes from', async () => {
    const replies = streamOfTask((sink) => {
      sink.routed?.('worker-1', 1);
      sink.progress(progressOf(sent, 1, 'half'));
      sink.result(resultOf(sent, 'whole'));
    }, NEVER);
    const heard = await Array.fromAsync(replies);
    expect(heard.map(({ message, instanceId, attempt }) => [message.type, instanceId, attempt])).toEqual([
      [MessageType.PROGRESS, 'worker-1', 1],
      [MessageType.RESULT, 'worker-1', 1],
    ]);
  });

  it.each<[string, number, string]>([
    ['256 PROGRESS', 257, 'x'],
    ['1 MiB of PROGRESS', 3, 'x'.repeat(400 * 1024)],
  ])('cancels a task whose reader is more than %s behind: SLOW_READER', async (_, count, payload) => {
    const { promise: started, resolve } = Promise.withResolvers<[TaskSink, AbortSignal]>();
    const replies = streamOfTask((sink, signal) => resolve([sink, signal]), NEVER);
    const first = replies.next();
    const [sink, signal] = await started;
    sink.progress(progressOf(sent, 1, 'read'));
    await first;
    for (let n = 2; n <= count + 1; n++) sink.progress(progressOf(sent, n, payload));
    expect(reasonOf(signal.reason)).toBe('SLOW_READER');
    expect(await reasonIn(replies.next())).toBe('SLOW_READER');
  });

  it('cancels a task whose reader leaves, or whose caller cancels', async () => {
    const { promise: left, resolve: onLeft } = Promise.withResolvers<unknown>();
    const leaving = streamOfTask((sink, signal) => {
      signal.addEventListener('abort', () => onLeft(reasonOf(signal.reason)));
      sink.progress(progressOf(sent, 1, 'news'));
    }, NEVER);
    for await (const _ of leaving) break;
    expect(await left).toBe('TASK_CANCELLED');

    const controller = new AbortController();
    const cancelled = streamOfTask((sink, signal) => {
      signal.addEventListener('abort', () => sink.error(signal.reason));
    }, controller.signal);
    const next = reasonIn(cancelled.next());
    controller.abort(troupeError('TASK_CANCELLED', 'Enough.'));
    expect(await next).toBe('TASK_CANCELLED');
  });
});
