import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type AgentMessage, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentServiceLinkResponseSchema } from '../../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { serveLink } from '../../../services/protocol/link/serve-link.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { resultOf } from '../../../services/protocol/reply.ts';
import { Code } from '../../../services/rpc/code.ts';
import { testContext } from '../../rpc/call-context.ts';
import { aborted, kept, serveTasks } from './links.ts';
import { failureOf, heartbeat, message, refusalIn, task } from './messages.ts';
import { RawOpener, Script } from './raw-link.ts';

const { RESULT, HEARTBEAT, BROADCAST } = MessageType;

describe('A link that is half-closed', () => {
  it('ends OK once every task and broadcast in flight has been answered', async () => {
    const tasks = kept();
    const broadcast = Promise.withResolvers<undefined>();
    const { client } = await serveTasks({ task: tasks.handler, broadcast: () => broadcast.promise });
    const opener = new RawOpener(client);
    opener.say(task('1'), message({ id: '2', type: BROADCAST }));
    opener.halfClose();
    const { task: sent, sink } = await tasks.get('1');
    sink.result(resultOf(sent, null));
    expect(await opener.next()).toMatchObject({ correlationId: '1' });
    broadcast.resolve(undefined);
    expect(await opener.next()).toMatchObject({ correlationId: '2' });
    expect(await opener.next()).toBeUndefined();
  });

  it('cancels its tasks when it breaks after that', async () => {
    const tasks = kept();
    const controller = new AbortController();
    const opener = new RawOpener((await serveTasks({ task: tasks.handler })).client, controller.signal);
    opener.say(task('1'));
    opener.halfClose();
    const { signal } = await tasks.get('1');
    // The half-close has arrived when the requests have ended: a turn after the task that came before it.
    await turn();
    controller.abort();
    expect(reasonOf(await aborted(signal))).toBe('TASK_CANCELLED');
  });
});

it('A link that breaks cancels its tasks', async () => {
  const tasks = kept();
  const controller = new AbortController();
  const opener = new RawOpener((await serveTasks({ task: tasks.handler })).client, controller.signal);
  opener.say(task('1'));
  void opener.next().catch(() => {});
  const { signal } = await tasks.get('1');
  controller.abort();
  expect(reasonOf(await aborted(signal))).toBe('TASK_CANCELLED');
});

describe('A draining server', () => {
  it('says so, refuses what crossed it, lets what is in flight finish, and ends UNAVAILABLE', async () => {
    const tasks = kept();
    const { client, server } = await serveTasks({ task: tasks.handler });
    const opener = new RawOpener(client);
    opener.say(task('1'));
    const { task: sent, sink } = await tasks.get('1');
    const drained = server.drain();
    const news = await opener.next();
    expect(news).toMatchObject({
      type: HEARTBEAT,
      correlationId: '',
      sender: 'server',
      heartbeat: { status: AgentStatus.DRAINING },
    });
    opener.say(task('crossed'));
    expect(refusalIn(await opener.next())).toEqual({ about: 'crossed', reason: 'DRAINING' });
    opener.halfClose();
    sink.result(resultOf(sent, null));
    expect(await opener.next()).toMatchObject({ type: RESULT, correlationId: '1' });
    const end = await failureOf(opener.next());
    expect([end.code, reasonOf(end)]).toEqual([Code.UNAVAILABLE, 'DRAINING']);
    await drained;
  });

  it('ends a link with nothing in flight even if its opener does not half-close', async () => {
    const { client, server } = await serveTasks({});
    const opener = new RawOpener(client);
    opener.say(heartbeat('1'));
    await opener.next();
    const drained = server.drain();
    expect(await opener.next()).toMatchObject({ heartbeat: { status: AgentStatus.DRAINING } });
    expect(reasonOf(await failureOf(opener.next()))).toBe('DRAINING');
    await drained;
  });

  it('says so at once on a link that is opened while it drains', async () => {
    const tasks = kept();
    const { client, server } = await serveTasks({ task: tasks.handler });
    const busy = new RawOpener(client);
    busy.say(task('keeps the server from leaving'));
    const { task: sent, sink } = await tasks.get('keeps the server from leaving');
    const drained = server.drain();
    const late = new RawOpener(client);
    expect(await late.next()).toMatchObject({ heartbeat: { status: AgentStatus.DRAINING } });
    late.halfClose();
    busy.halfClose();
    sink.result(resultOf(sent, null));
    await drained;
  });
});

it('A link lets go of its call when it has ended', async () => {
  const draining = new AbortController();
  const ended = new AbortController();
  const context = testContext({ draining: draining.signal, signal: ended.signal });
  const requests = new Script<{ messages: AgentMessage[] }>();
  const service = {
    id: 'server',
    schema: AgentServiceLinkResponseSchema,
    task: () => {},
    broadcast: async () => undefined,
    heartbeat: () => expect.fail('Nobody asked.'),
  };
  const responses = serveLink(requests, context, service);
  const end = responses.next();
  expect(getEventListeners(draining.signal, 'abort')).toHaveLength(1);
  requests.end();
  expect(await end).toEqual({ done: true, value: undefined });
  expect(getEventListeners(draining.signal, 'abort')).toHaveLength(0);
  expect(getEventListeners(ended.signal, 'abort')).toHaveLength(0);
});
