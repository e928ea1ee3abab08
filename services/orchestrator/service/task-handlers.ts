import { create } from '@bufbuild/protobuf';
import {
  type AgentMessage,
  AgentMessageSchema,
  type Heartbeat,
  HeartbeatSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import {
  type OrchestratorService,
  OrchestratorServiceLinkResponseSchema,
} from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { type BroadcastScope, serveLink } from '../../protocol/link/serve-link.ts';
import { admitMessage, completeMessage, forwardMetadata } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import { resultOf } from '../../protocol/reply.ts';
import { replyOfTask, type TaskReply, type TaskScope } from '../../protocol/task-sink.ts';
import { streamOfTask } from '../../protocol/task-stream.ts';
import type { CallContext } from '../../rpc/call-context.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Handlers } from '../../rpc/handlers.ts';
import { broadcast } from '../broadcast.ts';
import { refuseWhileDraining } from '../dispatch/admit.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { explainTask } from '../dispatch/explain-task.ts';
import type { Lanes } from '../dispatch/lanes.ts';
import type { Router } from '../dispatch/route.ts';
import { sendSignal } from '../dispatch/send-signal.ts';
import { wishOf } from '../dispatch/wish.ts';
import { type Connection, ORCHESTRATOR_ID } from '../member/connection.ts';
import type { MessageLog } from '../message-log/message-log.ts';
import { runPipeline } from '../pipeline/run-pipeline.ts';
import type { Roster } from '../roster/roster.ts';

/** What the handlers about tasks work with. */
export interface TaskParts {
  /** For new work: it refuses all once the orchestrator drains. */
  dispatcher: Dispatcher;
  /** For what work in flight needs, the steps of pipelines and the tasks of agents: it refuses none of it. */
  ongoing: Dispatcher;
  router: Router;
  lanes: Lanes;
  roster: Roster<Connection>;
  messages: MessageLog;
}

/** The RPCs that put agents to work. */
type TaskRpcs =
  | 'send'
  | 'dispatch'
  | 'explainRoute'
  | 'dispatchStream'
  | 'broadcast'
  | 'runPipeline'
  | 'link';

/** The part of OrchestratorService that puts agents to work. */
export function taskHandlers(parts: TaskParts): Pick<Handlers<typeof OrchestratorService>, TaskRpcs> {
  const { dispatcher, ongoing, lanes, roster, router } = parts;
  const dispatcherOf = ({ hops }: AgentMessage) => (hops > 0 ? ongoing : dispatcher);
  const reply = (task: AgentMessage, scope: TaskScope): Promise<TaskReply> =>
    replyOfTask((sink) => dispatcherOf(task).dispatch(task, sink, scope));
  const stream = (
    task: AgentMessage,
    scope: TaskScope & { signal: AbortSignal },
    by = dispatcherOf(task),
  ): AsyncGenerator<TaskReply, void> =>
    streamOfTask((sink, signal) => by.dispatch(task, sink, { ...boundsOf(scope), signal }), scope.signal);

  return {
    async send(request, context) {
      const message = admitted(request.message, context);
      if (message.receiver === '')
        throw missing('receiver', 'Send routes by receiver: name it, or call Dispatch.');
      if (message.type === MessageType.TASK) return reply(message, context);
      refuseWhileDraining(context.draining);
      return sendSignal(message, context, parts);
    },

    async dispatch(request, context) {
      const task = admittedTask(request.message, context);
      if (task.capability === '') throw missing('capability', 'Dispatch routes by capability: name it.');
      if (task.receiver !== '') {
        throw missing(
          'receiver',
          'Dispatch chooses the receiver itself: leave it empty, or call Send.',
          'is set',
        );
      }
      return reply(task, context);
    },

    async explainRoute({ capability, receiver, routing }, { signal, deadline }) {
      const task = create(AgentMessageSchema, { capability, receiver, ...(routing && { routing }) });
      admitMessage(task);
      const wish = wishOf(task);
      const lane = lanes.of(await router.find(task, { signal, deadline }), task);
      return {
        candidates: explainTask(lane, wish, performance.now()),
        waiting: lane.lineOf(wish).admission.waiting,
      };
    },

    async *dispatchStream(request, context) {
      yield* stream(admittedTask(request.message, context), context);
    },

    async *broadcast(request, context) {
      refuseWhileDraining(context.draining);
      const { capability, labels } = request;
      yield* broadcast(admitted(request.message, context), { capability, labels }, context, parts);
    },

    async *runPipeline(request, context) {
      refuseWhileDraining(context.draining);
      const options = { signal: context.signal, deadline: context.deadline, log: context.log };
      // A step that does not say how long it may take has its capability's time, within what remains to the
      // pipeline.
      const dispatch = (task: AgentMessage, { signal, deadline }: Pick<CallContext, 'signal' | 'deadline'>) =>
        stream(task, { signal, deadline: Deadline.never, within: deadline, log: context.log }, ongoing);
      for await (const event of runPipeline(request, { ...options, dispatch })) yield { event };
    },

    link: (requests, context) =>
      serveLink(requests, context, {
        id: ORCHESTRATOR_ID,
        schema: OrchestratorServiceLinkResponseSchema,
        task: (task, sink, scope) => dispatcher.dispatch(task, sink, scope),
        broadcast: (message, scope) => {
          refuseWhileDraining(context.draining);
          return broadcastAndSum(message, scope, parts);
        },
        heartbeat: () => heartbeatOf(roster),
      }),
  };
}

/** A call is more than what bounds the task that it brings. */
function boundsOf({ deadline, within, log }: TaskScope): Omit<TaskScope, 'signal'> {
  return { deadline, log, ...(within && { within }) };
}

function admitted(message: AgentMessage | undefined, { headers }: CallContext): AgentMessage {
  if (!message) throw missing('message', 'The request holds no message.');
  return forwardMetadata(completeMessage(message), headers);
}

function admittedTask(message: AgentMessage | undefined, context: CallContext): AgentMessage {
  const task = admitted(message, context);
  if (task.type === MessageType.TASK) return task;
  const text = `Only a TASK can be dispatched, not ${MessageType[task.type] ?? `type ${task.type}`}.`;
  throw troupeError('UNKNOWN_MESSAGE_TYPE', text);
}

function missing(field: string, text: string, description = 'is missing') {
  return troupeError('INVALID_MESSAGE', text, { violations: [{ field, description }] });
}

/**
 * A broadcast over a link is answered once, when all recipients have answered or run out of time: with their
 * numbers.
 */
async function broadcastAndSum(
  message: AgentMessage,
  scope: BroadcastScope,
  parts: TaskParts,
): Promise<AgentMessage> {
  const sum = { acknowledged: 0, replied: 0, failed: 0 };
  const recipients = { capability: message.capability, labels: {} };
  for await (const { outcome } of broadcast(message, recipients, scope, parts)) {
    if (outcome?.case === 'acknowledgement') sum.acknowledged++;
    else if (outcome?.case === 'reply') sum.replied++;
    else sum.failed++;
  }
  return resultOf(message, sum, { sender: ORCHESTRATOR_ID });
}

function heartbeatOf(roster: Roster<Connection>): Heartbeat {
  let inFlight = 0;
  for (const agent of roster.agents.values())
    for (const instance of agent.instances.all) inFlight += instance.inFlight;
  return create(HeartbeatSchema, { status: inFlight > 0 ? AgentStatus.BUSY : AgentStatus.IDLE, inFlight });
}
