import { AgentService, AgentServiceLinkRequestSchema } from '../../../../gen/troupe/v1/agent_service_pb.js';
import { makeTask, toEvent } from '../../../../services/client/task.ts';
import { Link } from '../../../../services/protocol/link/open-link.ts';
import { streamOfTask } from '../../../../services/protocol/task-stream.ts';
import { Channel } from '../../../../services/rpc/channel.ts';
import { createClient } from '../../../../services/rpc/client.ts';
import { Deadline } from '../../../../services/rpc/deadline.ts';
import type { Role } from '../../process/role.ts';
import { TIMEOUT_MS } from './client.ts';
import { firstEvent } from './first-event.ts';
import type { ProgressInput } from './paced-progress.ts';

/** The same caller on a link straight to the agent: what the orchestrator adds is the difference. */
export function start({ address }: { address: string }): Role {
  const agent = createClient(AgentService, new Channel(address));
  const link = new Link({
    id: 'bench',
    schema: AgentServiceLinkRequestSchema,
    call: (requests, options) => agent.link(requests, options),
  });
  async function* stream(input: ProgressInput) {
    const task = makeTask('bench', { capability: 'bench.progress' }, input, { timeoutMs: TIMEOUT_MS });
    const replies = streamOfTask(
      (sink, signal) => link.send(task, sink, { signal, deadline: Deadline.after(TIMEOUT_MS) }),
      new AbortController().signal,
    );
    for await (const { message } of replies) yield toEvent(message);
  }
  return { commands: { firstEvent: firstEvent(stream) } };
}
