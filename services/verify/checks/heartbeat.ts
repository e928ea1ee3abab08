import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { uuid7 } from '../../protocol/uuid7.ts';
import { refusalIn, resultIn } from '../answer.ts';
import { breach } from '../breach.ts';
import type { Check } from '../check.ts';
import { atEveryDoor } from '../doors.ts';
import { summarize } from '../summarize.ts';
import { ENDLESS_MS, type Visit } from '../visit.ts';

/** How an instance says that it is. */
export const heartbeatChecks: readonly Check[] = [
  {
    id: 'heartbeat.answer',
    rule: 'A HEARTBEAT is answered by a HEARTBEAT about it, with `heartbeat` filled in.',
    run: (visit) =>
      atEveryDoor(visit, async (ask) => {
        const id = uuid7();
        const { reply, error } = await ask({ id, type: MessageType.HEARTBEAT });
        if (error) throw error;
        if (reply?.type !== MessageType.HEARTBEAT || reply.correlationId !== id) {
          throw breach(reply ? summarize(reply) : 'no message');
        }
        if (!reply.heartbeat) throw breach('`heartbeat` is absent');
        return 'HEARTBEAT, filled in';
      }),
  },
  {
    id: 'heartbeat.status',
    rule: 'The status is IDLE, BUSY, ERROR or DRAINING; OFFLINE is never said by an agent.',
    async run(visit) {
      const { status } = await visit.heartbeat();
      const { IDLE, BUSY, ERROR, DRAINING } = AgentStatus;
      if (![IDLE, BUSY, ERROR, DRAINING].includes(status))
        throw breach(AgentStatus[status] ?? `status ${status}`);
      return AgentStatus[status]!;
    },
  },
  {
    id: 'heartbeat.busy',
    rule: 'With tasks in flight the status is BUSY, and in_flight tells how many.',
    needs: ['probe'],
    async run(visit) {
      const before = await visit.inFlight();
      const count = visit.capacity(3);
      const callers = new AbortController();
      const calls = Array.from({ length: count }, () =>
        visit.handle(visit.probe({ delay_ms: ENDLESS_MS }), { signal: callers.signal }),
      );
      const wanted = before + count;
      const { status, inFlight } = await visit.untilHeartbeat(
        (it) => it.inFlight >= wanted,
        `in_flight ${wanted}`,
      );
      callers.abort();
      await Promise.all(calls);
      if (status !== AgentStatus.BUSY) throw breach(`in_flight ${inFlight}, yet ${AgentStatus[status]}`);
      await visit.untilIdle(before);
      return `BUSY with ${inFlight} in flight, and ${before} after that`;
    },
  },
  {
    id: 'heartbeat.counts',
    rule: 'received counts the tasks that came, failed those that ended with an ERROR.',
    needs: ['probe'],
    async run(visit) {
      const before = await visit.heartbeat();
      await succeed(visit);
      await fail(visit);
      const after = await visit.heartbeat();
      const received = after.received - before.received;
      const failed = after.failed - before.failed;
      const seen = `after two tasks, one of which failed: received + ${received}, failed + ${failed}`;
      if (received < 2n || failed < 1n || failed >= received) throw breach(seen);
      return seen;
    },
  },
  {
    id: 'heartbeat.error',
    rule: 'With none in flight, the status is ERROR when the last task failed, and IDLE when it did not.',
    needs: ['probe'],
    async run(visit) {
      await fail(visit);
      const failed = await visit.heartbeat();
      await succeed(visit);
      const done = await visit.heartbeat();
      const seen = `${AgentStatus[failed.status]} after a failure, ${AgentStatus[done.status]} after a RESULT`;
      if (failed.inFlight + done.inFlight > 0) return `${seen}, with others' tasks in flight`;
      if (failed.status !== AgentStatus.ERROR || done.status !== AgentStatus.IDLE) throw breach(seen);
      return seen;
    },
  },
];

async function succeed(visit: Visit): Promise<void> {
  resultIn(await visit.handle(visit.probe()));
}

async function fail(visit: Visit): Promise<void> {
  refusalIn(await visit.handle(visit.probe({ fail: 'as ordered' })), 'HANDLER_FAILED');
}
