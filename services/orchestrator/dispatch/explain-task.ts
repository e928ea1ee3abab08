import { create } from '@bufbuild/protobuf';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import {
  NotChosenReason,
  type RouteCandidate,
  RouteCandidateSchema,
} from '../../../gen/troupe/v1/route_pb.js';
import { explainRoute } from '../../policy/explain-route.ts';
import type { Bar } from '../../policy/not-chosen.ts';
import { statusNow } from '../roster/status.ts';
import type { Lane } from './lane.ts';
import type { Seat } from './seat.ts';
import type { Wish } from './wish.ts';

/** Says of every instance of a lane whether a task would go there now, and why not; the one that was chosen first. */
export function explainTask(lane: Lane, wish: Wish, now: number): RouteCandidate[] {
  const choice = lane.pick(wish, now);
  const chosen = choice === 'AT_CAPACITY' ? undefined : choice;
  const mayNot = lane.barOf(wish);
  const bar = (seat: Seat): Bar | undefined => absent(seat) ?? mayNot?.(seat);
  const explained = explainRoute(lane.allSeats(), now, {
    chosen,
    bar,
    byAffinity: wish.keyHash !== undefined,
  });
  return explained
    .sort((a, b) => Number(b.candidate === chosen) - Number(a.candidate === chosen) || a.scoreMs - b.scoreMs)
    .map(({ candidate, scoreMs, notChosen }) => {
      const { entry, inFlight, limit } = candidate;
      const { agentId, instanceId, address } = entry;
      return create(RouteCandidateSchema, {
        ...{ agentId, instanceId, address, scoreMs, inFlight, limit },
        status: statusNow(entry),
        chosen: candidate === chosen,
        notChosen: notChosen ? NotChosenReason[notChosen] : NotChosenReason.UNSPECIFIED,
        latencyMs: scoreMs / (inFlight + 1),
        failureShare: lane.failureShare(candidate, now),
      });
    });
}

function absent({ entry }: Seat): Bar | undefined {
  if (entry.status === AgentStatus.OFFLINE) return 'OFFLINE';
  return entry.status === AgentStatus.DRAINING ? 'DRAINING' : undefined;
}
