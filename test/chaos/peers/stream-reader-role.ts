import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { OrchestratorService } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { messageCodecs } from '../../../services/protocol/codecs.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { toValue } from '../../../services/protocol/value.ts';
import { Channel } from '../../../services/rpc/channel.ts';
import { createClient } from '../../../services/rpc/client.ts';
import { codeName } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import type { Role } from '../../processes/role.ts';
import { STREAM, type StreamInput } from './stream-agent-role.ts';

/** How many streams are read, each over a connection of its own. */
interface ReaderOptions extends StreamInput {
  orchestrator: string;
  count: number;
}

/**
 * Reads streams. `gaps`: how long it took from each message to the next since it was last asked, in milliseconds;
 * `ended`: how streams ended.
 */
export function start({ orchestrator, count, ...input }: ReaderOptions): Role {
  let gaps: number[] = [];
  const ended: string[] = [];
  async function read(n: number) {
    const client = createClient(OrchestratorService, new Channel(orchestrator), messageCodecs);
    const payload = toValue({ ...input, reader: `${input.reader}-${n}` });
    const message = { type: MessageType.TASK, capability: STREAM, payload, ttl: { seconds: 3600n } };
    let last: number | undefined;
    for await (const _ of client.dispatchStream({ message })) {
      const now = performance.now();
      if (last !== undefined) gaps.push(now - last);
      last = now;
    }
  }
  for (let n = 0; n < count; n++) {
    read(n).then(
      () => ended.push('OK'),
      (thrown) => {
        const error = RpcError.from(thrown);
        ended.push(`${codeName(error.code)} / ${reasonOf(error) ?? error.message}`);
      },
    );
  }
  return {
    ready: { pid: process.pid },
    commands: {
      ended: () => ended,
      gaps() {
        const told = gaps;
        gaps = [];
        return told;
      },
    },
  };
}
