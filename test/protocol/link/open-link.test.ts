import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type AgentMessage, HeartbeatSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { MAX_MESSAGE_BYTES } from '../../../services/protocol/message.ts';
import { reasonOf, troupeError } from '../../../services/protocol/reason.ts';
import { errorOf, heartbeatOf, replyTo, resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import { Code } from '../../../services/rpc/code.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { ask, open, serve } from './links.ts';
import { failureOf, message, reasonIn, sized, task } from './messages.ts';
import { RawServer } from './raw-server.ts';

const { RESULT, ERROR, PROGRESS, HEARTBEAT, CANCEL } = MessageType;

/** A heartbeat that says DRAINING, about nothing. */
const draining = message({
  type: HEARTBEAT,
  heartbeat: create(HeartbeatSchema, { status: AgentStatus.DRAINING }),
});

async function linked(options: Parameters<typeof open>[1] = {}) {
  const server = new RawServer();
  const { client } = await serve(server.handler);
  return { server, client, link: open(client, options) };
}

describe('The opening end of a link', () => {
  it('has many tasks in flight at once, and gives each what is said about it', async () => {
    const { server, link } = await linked();
    const asked = ['1', '2', '3'].map((id) => ask(link, task(id)));
    expect(link.inFlight).toBe(3);
    const tasks = [await server.next(), await server.next(), await server.next()];
    server.say(replyTo(tasks[1]!, PROGRESS, { sequence: 1 }));
    server.say(...tasks.reverse().map((sent) => resultOf(sent, `done ${sent.id}`)));
    const replies = await Promise.all(asked.map(({ end }) => end));
    expect(replies.map(({ payload }) => fromValue(payload))).toEqual(['done 1', 'done 2', 'done 3']);
    expect(asked.map(({ progress }) => progress.length)).toEqual([0, 1, 0]);
    expect(link.inFlight).toBe(0);
  });

  it('gives an ERROR as the other end said it, and UNKNOWN for one that does not say what went wrong', async () => {
    const { server, link } = await linked();
    const asked = [ask(link, task('1')), ask(link, task('2'))];
    server.say(
      errorOf(await server.next(), troupeError('OVERLOADED', 'Later.')),
      replyTo(await server.next(), ERROR),
    );
    expect(await reasonIn(asked[0]!.end)).toBe('OVERLOADED');
    expect((await failureOf(asked[1]!.end)).code).toBe(Code.UNKNOWN);
  });

  it('counts and drops what is about nothing in flight', async () => {
    const { server, link } = await linked();
    const { end } = ask(link, task('1'));
    const sent = await server.next();
    server.say(
      ...[RESULT, ERROR, PROGRESS].map((type) => message({ type, correlationId: 'nobody' })),
      resultOf(sent, 'first'),
      resultOf(sent, 'second'),
    );
    expect(fromValue((await end).payload)).toBe('first');
    // The second came in the same batch, and was dropped in the same turn.
    expect(link.unknownReplies).toBe(4);
  });

  it('refuses an id that is in flight, without a word to the other end', async () => {
    const { server, link } = await linked();
    const { end } = ask(link, task('1'));
    expect(await reasonIn(ask(link, task('1')).end)).toBe('DUPLICATE_ID');
    server.say(resultOf(await server.next(), 'once'));
    expect(fromValue((await end).payload)).toBe('once');
    ask(link, task('after'));
    expect((await server.next()).id).toBe('after');
  });

  it.each([
    ['RESULT', (sent: AgentMessage) => resultOf(sent, 1)],
    ['ERROR', (sent: AgentMessage) => errorOf(sent, troupeError('OVERLOADED', 'Later.'))],
    ['PROGRESS', (sent: AgentMessage) => replyTo(sent, PROGRESS, { sequence: 1 })],
  ])('goes on with the others where whoever waits for a %s fails at it', async (_, reply) => {
    const { server, link } = await linked();
    const other = ask(link, task('other'));
    const failed = Promise.withResolvers<RpcError>();
    let told = 0;
    const fails = (): void => {
      if (told++ === 0) throw new Error('This one cannot be told.');
    };
    const sink = {
      progress: fails,
      result: fails,
      error(error: RpcError) {
        fails();
        failed.resolve(error);
      },
    };
    link.send(task('fails'), sink, { deadline: Deadline.never });
    const [first, second] = [await server.next(), await server.next()];
    server.say(reply(second), resultOf(first, 'done'));
    expect((await failed.promise).message).toBe('This one cannot be told.');
    expect(fromValue((await other.end).payload)).toBe('done');
    expect(link.inFlight).toBe(0);
  });

  it('sends the largest message that there may be, and refuses a larger one before it is written', async () => {
    const { server, link } = await linked();
    const tooLarge = ask(link, sized(task('too large'), MAX_MESSAGE_BYTES + 1));
    expect(await reasonIn(tooLarge.end)).toBe('MESSAGE_TOO_LARGE');
    ask(link, sized(task('fits'), MAX_MESSAGE_BYTES));
    expect((await server.next()).id).toBe('fits');
  });

  it('tells the task at once when its deadline passes, and the other end to CANCEL', async () => {
    const { server, link } = await linked();
    const { end } = ask(link, task('1'), { deadline: Deadline.after(30) });
    expect(await reasonIn(end)).toBe('TASK_TIMED_OUT');
    expect(await server.next()).toMatchObject({ id: '1' });
    expect(await server.next()).toMatchObject({ type: CANCEL, correlationId: '1', sender: 'opener' });
    expect(link.inFlight).toBe(0);
  });

  it('tells the task at once when its signal aborts, and the other end to CANCEL', async () => {
    const { server, link } = await linked();
    const controller = new AbortController();
    const { end } = ask(link, task('1'), { signal: controller.signal });
    await server.next();
    controller.abort();
    expect(await reasonIn(end)).toBe('TASK_CANCELLED');
    expect(await server.next()).toMatchObject({ type: CANCEL, correlationId: '1' });
  });

  it('never sends what was cancelled before', async () => {
    const { server, link } = await linked();
    expect(await reasonIn(ask(link, task('1'), { signal: AbortSignal.abort() }).end)).toBe('TASK_CANCELLED');
    ask(link, task('2'));
    expect((await server.next()).id).toBe('2');
  });

  it('asks how the other end is, and hears it whenever it is said', async () => {
    const heard: AgentStatus[] = [];
    const { server, link } = await linked({ onHeartbeat: ({ status }) => void heard.push(status) });
    const answer = link.heartbeat(Deadline.after(5000));
    const question = await server.next();
    expect(question).toMatchObject({ type: HEARTBEAT, sender: 'opener' });
    server.say(heartbeatOf(question, create(HeartbeatSchema, { status: AgentStatus.BUSY, inFlight: 3 })));
    expect(await answer).toMatchObject({ status: AgentStatus.BUSY, inFlight: 3 });
    expect(heard).toEqual([AgentStatus.BUSY]);
  });
});

describe('When the other end drains, the opener', () => {
  it('takes no more tasks, lets those in flight finish, and then half-closes', async () => {
    const told: string[] = [];
    const { promise: closed, resolve } = Promise.withResolvers<RpcError | undefined>();
    const { server, link } = await linked({
      onDraining: () => void told.push('draining'),
      onClosed: resolve,
    });
    const { end } = ask(link, task('1'));
    const sent = await server.next();
    server.say(draining, replyTo(sent, PROGRESS, { sequence: 1 }), draining);
    while (link.taking) await new Promise((resolve) => setImmediate(resolve));
    expect(await reasonIn(ask(link, task('2')).end)).toBe('DRAINING');
    server.say(resultOf(sent, 'finished'));
    expect(fromValue((await end).payload)).toBe('finished');
    await server.halfClosed;
    server.end();
    expect(await closed).toBeUndefined();
    expect(told).toEqual(['draining']);
  });

  it('can still cancel what is in flight, and ask how the other end is', async () => {
    const { server, link } = await linked();
    const controller = new AbortController();
    const { end } = ask(link, task('1'), { signal: controller.signal });
    await server.next();
    server.say(draining);
    while (link.taking) await new Promise((resolve) => setImmediate(resolve));
    const answer = link.heartbeat(Deadline.after(5000));
    server.say(heartbeatOf(await server.next(), draining.heartbeat!));
    expect((await answer)?.status).toBe(AgentStatus.DRAINING);
    controller.abort();
    expect(await reasonIn(end)).toBe('TASK_CANCELLED');
    expect(await server.next()).toMatchObject({ type: CANCEL, correlationId: '1' });
    await server.halfClosed;
    expect(await reasonIn(link.heartbeat(Deadline.after(5000)))).toBe('DRAINING');
  });
});

describe('A link that ends', () => {
  it.each<[string, string, (server: RawServer, message: AgentMessage) => void]>([
    ['OK', 'The other end closed it.', (server) => server.end()],
    [
      'before a task is answered',
      'The other end closed it.',
      (server, sent) => {
        server.say(replyTo(sent, PROGRESS, { sequence: 1 }));
        server.end();
      },
    ],
  ])('%s fails what is in flight INSTANCE_LOST, and takes no more', async (_, why, end) => {
    const { server, link } = await linked();
    const asked = ask(link, task('1'));
    end(server, await server.next());
    const failure = await failureOf(asked.end);
    expect([failure.code, reasonOf(failure)]).toEqual([Code.UNAVAILABLE, 'INSTANCE_LOST']);
    expect(failure.message).toContain(why);
    expect(await reasonIn(ask(link, task('2')).end)).toBe('NO_LIVE_INSTANCE');
  });

  it('because the server goes away fails what is in flight INSTANCE_LOST, and nothing is replayed', async () => {
    const raw = new RawServer();
    const { client, server } = await serve(raw.handler);
    const { promise: closed, resolve } = Promise.withResolvers<RpcError | undefined>();
    const link = open(client, { onClosed: resolve });
    const asked = ask(link, task('1'));
    await raw.next();
    await server.close();
    expect((await closed)?.code).toBe(Code.UNAVAILABLE);
    expect(await reasonIn(asked.end)).toBe('INSTANCE_LOST');
  });

  it('because it is cut fails what is in flight with the reason that is given', async () => {
    const { server, link } = await linked();
    const asked = ask(link, task('1'));
    await server.next();
    link.cut(new RpcError(Code.ABORTED, 'Enough.'));
    expect(await failureOf(asked.end)).toMatchObject({ code: Code.ABORTED, message: 'Enough.' });
  });

  it('before it came about fails what it was given NO_LIVE_INSTANCE, as nothing was sent', async () => {
    const { client, server } = await serve(new RawServer().handler);
    await server.close();
    const link = open(client);
    expect(await reasonIn(ask(link, task('1')).end)).toBe('NO_LIVE_INSTANCE');
    expect(link.taking).toBe(false);
  });
});
