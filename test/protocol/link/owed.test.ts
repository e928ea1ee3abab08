import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { troupeError } from '../../../services/protocol/reason.ts';
import { errorOf, replyTo, resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { ask, open, serve } from './links.ts';
import { heartbeat, reasonIn, task } from './messages.ts';
import { RawServer } from './raw-server.ts';

const { CANCEL, PROGRESS } = MessageType;

/** A link over which a task of the id `1` was sent and given up: both have arrived, and nothing was answered. */
async function givenUp() {
  const server = new RawServer();
  const { client } = await serve(server.handler);
  const link = open(client);
  const stop = new AbortController();
  const { end } = ask(link, task('1'), { signal: stop.signal });
  const sent = await server.next();
  stop.abort();
  expect(await reasonIn(end)).toBe('TASK_CANCELLED');
  expect(await server.next()).toMatchObject({ type: CANCEL, correlationId: '1' });
  const cancelled = errorOf(sent, troupeError('TASK_CANCELLED', 'The caller cancelled the task.'));
  return { server, link, sent, cancelled };
}

describe('A task that is sent again under its id, after it was given up', () => {
  it('is sent once the first has ended, and gets its own answer', async () => {
    const { server, link, sent, cancelled } = await givenUp();
    const again = ask(link, task('1', { task: 'again' }));
    server.say(replyTo(sent, PROGRESS, { sequence: 1 }), cancelled);
    const resent = await server.next();
    expect(resent).toMatchObject({ id: '1', task: 'again' });
    server.say(resultOf(resent, 'done'));
    expect(fromValue((await again.end).payload)).toBe('done');
    expect(again.progress).toEqual([]);
    expect(link.unknownReplies).toBe(0);
  });

  it('and is given up as well while it waits, is never sent', async () => {
    const { server, link, cancelled } = await givenUp();
    const again = ask(link, task('1'), { deadline: Deadline.after(20) });
    expect(await reasonIn(again.end)).toBe('TASK_TIMED_OUT');
    server.say(cancelled);
    ask(link, task('2'));
    expect((await server.next()).id).toBe('2');
  });

  it('and waits when the link ends, was never sent: NO_LIVE_INSTANCE', async () => {
    const { server, link } = await givenUp();
    const again = ask(link, task('1'));
    server.end();
    expect(await reasonIn(again.end)).toBe('NO_LIVE_INSTANCE');
  });

  it('waits for a bounded number of such answers: others are sent on', async () => {
    const { server, link } = await givenUp();
    const again = ask(link, task('1', { task: 'again' }));
    const stop = new AbortController();
    const others = Array.from({ length: 10_000 }, (_, n) =>
      ask(link, heartbeat(`other ${n}`), { signal: stop.signal }),
    );
    stop.abort();
    await Promise.allSettled(others.map(({ end }) => end));
    let next = await server.next();
    while (next.id !== '1') next = await server.next();
    server.say(resultOf(next, 'done'));
    expect(fromValue((await again.end).payload)).toBe('done');
  });
});
