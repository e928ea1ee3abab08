import { create } from '@bufbuild/protobuf';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HeartbeatSchema, MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { Liveness } from '../../../services/protocol/link/liveness.ts';
import { heartbeatOf, resultOf } from '../../../services/protocol/reply.ts';
import { fromValue } from '../../../services/protocol/value.ts';
import type { RpcError } from '../../../services/rpc/rpc-error.ts';
import { ask, open, serve } from './links.ts';
import { reasonIn, task } from './messages.ts';
import { RawServer } from './raw-server.ts';

const { TASK, HEARTBEAT } = MessageType;
const BUSY = create(HeartbeatSchema, { status: AgentStatus.BUSY });

async function linked(options: Parameters<typeof open>[1] = {}) {
  const server = new RawServer();
  const { client } = await serve(server.handler);
  return { server, link: open(client, options) };
}

/** Answers `count` heartbeats, and nothing else that comes before them. */
async function answerHeartbeats(server: RawServer, count: number): Promise<void> {
  for (let answered = 0; answered < count; ) {
    const asked = await server.next();
    if (asked.type !== HEARTBEAT) continue;
    server.say(heartbeatOf(asked, BUSY));
    answered++;
  }
}

/** Short enough for a test, and far from one another. */
const quick = { busySilenceMs: 20, idleSilenceMs: 60_000, answerMs: 1000, tickMs: 5 };

/** A link with tasks in flight over which nothing comes. */
const silent = { busy: () => true, bytesSent: 0, bytesRead: 0, ask: () => {}, lost: () => {} };

/** The same, and it tells whether it was lost. */
function silentLink() {
  const link = {
    ...silent,
    isLost: false,
    lost: () => {
      link.isLost = true;
    },
  };
  return link;
}

describe('The liveness of a link', () => {
  it('asks a silent peer with tasks in flight for a sign of life, and waits on while it gives one', async () => {
    const { server, link } = await linked({ liveness: quick });
    const asked = ask(link, task('1'));
    const sent = await server.next();
    expect(sent.type).toBe(TASK);
    await answerHeartbeats(server, 5);
    server.say(resultOf(sent, 'at last'));
    expect(fromValue((await asked.end).payload)).toBe('at last');
    expect(link.unknownReplies).toBe(0);
  });

  it('goes on after the link was closed, until the last task has ended', async () => {
    const { server, link } = await linked({ liveness: quick });
    const asked = ask(link, task('1'));
    const sent = await server.next();
    link.close();
    await answerHeartbeats(server, 5);
    server.say(resultOf(sent, 'at last'));
    expect(fromValue((await asked.end).payload)).toBe('at last');
    await server.halfClosed;
  });

  it('loses a peer that swallows everything after two seconds, with tasks in flight', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<RpcError | undefined>();
    const { link } = await linked({ onClosed: resolve });
    expect(await reasonIn(ask(link, task('1')).end)).toBe('INSTANCE_LOST');
    expect((await closed)?.message).toContain('silent');
  });

  it('leaves time to spare in the two seconds after which a silent peer is to be lost, as ticks come late', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let lost = 0;
    const liveness = new Liveness({ ...silent, lost: () => lost++ });
    vi.advanceTimersByTime(1_800);
    liveness.stop();
    expect(lost).toBe(1);
  });

  it('waits on while bytes come, be it of a message that is not there yet, and no longer', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const link = silentLink();
    const liveness = new Liveness(link);
    for (let second = 1; second <= 10; second++) {
      vi.advanceTimersByTime(1000);
      link.bytesRead += 100_000;
    }
    expect(link.isLost).toBe(false);
    vi.advanceTimersByTime(2_000);
    liveness.stop();
    expect(link.isLost).toBe(true);
  });

  it('waits as long as what was sent before takes on a slow network, a second for each million of bytes', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const link = silentLink();
    link.bytesSent = 5_000_000;
    const liveness = new Liveness(link);
    liveness.heard();
    link.bytesSent += 3_000_000;
    vi.advanceTimersByTime(4_700);
    expect(link.isLost).toBe(false);
    vi.advanceTimersByTime(200);
    liveness.stop();
    expect(link.isLost).toBe(true);
  });

  it('asks one that had tasks a moment ago as soon as one that has', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let busy = true;
    let asked = 0;
    const liveness = new Liveness({ ...silent, busy: () => busy, ask: () => asked++ });
    vi.advanceTimersByTime(500);
    liveness.heard();
    busy = false;
    vi.advanceTimersByTime(1_000);
    expect(asked).toBe(1);
    liveness.heard();
    vi.advanceTimersByTime(30_000);
    liveness.heard();
    asked = 0;
    vi.advanceTimersByTime(5_000);
    liveness.stop();
    expect(asked).toBe(0);
  });

  it('asks an idle peer as well, only not so soon', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<RpcError | undefined>();
    const { server } = await linked({
      onClosed: resolve,
      liveness: { ...quick, idleSilenceMs: 30, answerMs: 30 },
    });
    expect((await server.next()).type).toBe(HEARTBEAT);
    expect((await closed)?.message).toContain('silent');
  });

  it('does not take its own busy process for a silent peer', async () => {
    const { server, link } = await linked({ liveness: { ...quick, answerMs: 100 } });
    const asked = ask(link, task('1'));
    const sent = await server.next();
    const question = await server.next();
    server.say(heartbeatOf(question, BUSY));
    const until = performance.now() + 300;
    while (performance.now() < until);
    server.say(resultOf(sent, 'heard'));
    expect(fromValue((await asked.end).payload)).toBe('heard');
  });
});
