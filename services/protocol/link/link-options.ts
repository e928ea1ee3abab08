import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { AgentMessage, Heartbeat } from '../../../gen/troupe/v1/agent_message_pb.js';
import type { RpcError } from '../../rpc/rpc-error.ts';
import type { LivenessOptions } from './liveness.ts';

/** How a link is opened. */
export interface LinkOptions<D extends DescMessage> {
  /** The id under which this end sends. */
  id: string;
  /** The type of the link's requests. */
  schema: D;
  /** Makes the call: `(requests, options) => client.link(requests, options)`. */
  call: (
    requests: AsyncIterable<MessageShape<D>>,
    options: { signal: AbortSignal },
  ) => AsyncIterable<{ messages: AgentMessage[] }>;
  /** How many bytes have come over the connection: a sign of life, before a large message is whole. Default: unknown. */
  bytesRead?: () => number;
  /** When it counts as lost. Default: after 1.8 s of silence with tasks in flight, or shortly after, else after 11 s. */
  liveness?: LivenessOptions;
  /**
   * Told when the other end drains; this end then takes no more tasks, and half-closes after those in flight.
   */
  onDraining?: () => void;
  /** Told when the link is lost because nothing came: what else goes over its connection is in vain as well. */
  onSilent?: () => void;
  /** Told whenever the other end says how it is. */
  onHeartbeat?: (heartbeat: Heartbeat) => void;
  /** Told once when the link has ended, and how; nothing where it ended well. */
  onClosed?: (error: RpcError | undefined) => void;
}
