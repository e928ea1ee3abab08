import { AgentService, AgentServiceLinkRequestSchema } from '../../../../gen/troupe/v1/agent_service_pb.js';
import { makeTask, type TaskEvent, toEvent } from '../../../../services/client/task.ts';
import { Link } from '../../../../services/protocol/link/open-link.ts';
import { streamOfTask } from '../../../../services/protocol/task-stream.ts';
import { Channel } from '../../../../services/rpc/channel.ts';
import { createClient } from '../../../../services/rpc/client.ts';
import { Deadline } from '../../../../services/rpc/deadline.ts';
import type { ProgressInput } from './paced-progress.ts';
import { TIMEOUT_MS } from './timeout.ts';

/**
 * Opens a link straight to an agent, over which tasks that tell of their progress are streamed as `Troupe` streams
 * them: what an orchestrator adds is the difference.
 */
export function straightLink(address: string): (input: ProgressInput) => AsyncIterable<TaskEvent> {
  const agent = createClient(AgentService, new Channel(address));
  const link = new Link({
    id: 'bench',
    schema: AgentServiceLinkRequestSchema,
    call: (requests, options) => agent.link(requests, options),
  });
  return async function* (input) {
    const task = makeTask('bench', { capability: 'bench.progress' }, input, { timeoutMs: TIMEOUT_MS });
    const replies = streamOfTask(
      (sink, signal) => link.send(task, sink, { signal, deadline: Deadline.after(TIMEOUT_MS) }),
      new AbortController().signal,
    );
    for await (const { message } of replies) yield toEvent(message);
  };
}
