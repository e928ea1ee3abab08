import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema, RetryInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { AgentCardSchema } from '../../../gen/troupe/v1/agent_card_pb.js';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { Attempt, type AttemptOwner } from '../../../services/orchestrator/dispatch/attempt.ts';
import { Lanes } from '../../../services/orchestrator/dispatch/lanes.ts';
import type { Seat } from '../../../services/orchestrator/dispatch/seat.ts';
import { wishOf } from '../../../services/orchestrator/dispatch/wish.ts';
import type { Connection } from '../../../services/orchestrator/member/connection.ts';
import { MessageLog } from '../../../services/orchestrator/message-log/message-log.ts';
import { Roster } from '../../../services/orchestrator/roster/roster.ts';
import { newMessage } from '../../../services/protocol/codec/new-message.ts';
import { replyTo } from '../../../services/protocol/reply.ts';
import type { TaskSink } from '../../../services/protocol/task-sink.ts';
import { Code } from '../../../services/rpc/code.ts';
import { Deadline } from '../../../services/rpc/deadline.ts';
import { silent } from '../../../services/rpc/log.ts';
import { packDetail, RpcError } from '../../../services/rpc/rpc-error.ts';
import { Stop } from '../../../services/rpc/stop-signal.ts';

const task = { ...newMessage(), id: 'task', type: MessageType.TASK, capability: 'a.work' };
const result = () => replyTo(task, MessageType.RESULT);
const refused = new RpcError(Code.UNAVAILABLE, 'no');

/** Says that it has too much to do, and when to come back in a way that cannot be read. */
const unreadable = new RpcError(Code.RESOURCE_EXHAUSTED, 'full', [
  packDetail(ErrorInfoSchema, { reason: 'OVERLOADED', domain: 'troupe' }),
  { ...packDetail(RetryInfoSchema, {}), value: new Uint8Array([0xff]) },
]);

/** An attempt that has been sent, where its answers go, and what its owner was told. */
function sent(ownerThrows = false) {
  const roster = new Roster<Connection>();
  const lanes = new Lanes(roster, silent);
  const messages = new MessageLog({});
  const { promise: sink, resolve } = Promise.withResolvers<TaskSink>();
  const card = create(AgentCardSchema, { id: 'a', instanceId: 'a1', capabilities: [{ name: 'a.work' }] });
  const connection = {
    card,
    capability: () => card.capabilities[0],
    send: (_: unknown, to: TaskSink) => resolve(to),
  };
  const source = DiscoverySource.STATIC;
  const entry = roster.put({ address: 'a:1', source, card, connection: connection as never });
  const lane = lanes.of(roster.capability('a.work')!, task);
  const told: string[] = [];
  const tell = (end: string) => {
    told.push(end);
    if (ownerThrows) throw new Error('The owner fails.');
  };
  const owner: AttemptOwner = {
    routed: () => {},
    progress: () => {},
    result: () => tell('result'),
    failed: () => tell('failed'),
  };
  const seat = lane.choose(wishOf(task), performance.now()) as Seat;
  const scope = { signal: new Stop(), deadline: Deadline.after(10_000) };
  new Attempt({ task, lane, messages, owner, log: silent }, seat, 1, scope).start();
  return { sink, entry, messages, told };
}

const ends: [string, (sink: TaskSink) => void, string][] = [
  ['a RESULT', (sink) => sink.result(result()), 'result'],
  ['what is no RESULT', (sink) => sink.result(replyTo(task, MessageType.HEARTBEAT)), 'failed'],
  ['an ERROR', (sink) => sink.error(refused), 'failed'],
  ['an ERROR that cannot be read', (sink) => sink.error(unreadable), 'failed'],
  ['the news that nothing was sent', (sink) => sink.unsent?.(refused), 'failed'],
];

describe('an attempt that ends with', () => {
  it.each(ends)(
    '%s tells its owner once and gives its room back, though it cannot be recorded',
    async (_, end, expected) => {
      const { sink, entry, messages, told } = sent();
      messages.subscribe(() => {
        throw new Error('The log fails.');
      });
      expect(entry.inFlight).toBe(1);
      end(await sink);
      expect(entry.inFlight).toBe(0);
      expect(told).toEqual([expected]);
    },
  );

  it.each(ends)('%s is no worse for an owner that throws', async (_, end, expected) => {
    const { sink, entry, told } = sent(true);
    end(await sink);
    expect(entry.inFlight).toBe(0);
    expect(told).toEqual([expected]);
  });
});
