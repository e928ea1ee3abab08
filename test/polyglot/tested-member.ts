import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, vi } from 'vitest';
import {
  type AgentMessage,
  type AgentMessageSchema,
  MessageType,
} from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { PROBE_CAPABILITY } from '../../services/agent/conformance-probe.ts';
import type { TaskOptions } from '../../services/client/task.ts';
import { reasonOf } from '../../services/protocol/reason.ts';
import type { JsonValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import type { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { commandIn, type Member } from './member.ts';
import { Mesh, type Started } from './mesh.ts';

/** How long what a member does by itself is waited for, in milliseconds. */
const PATIENCE_MS = 5000;

/** A member that runs and is on the roster of a mesh of its own, or is about to be. */
export class TestedMember {
  readonly member: Member;
  readonly mesh: Mesh;
  readonly started: Started;
  /** Where it serves. */
  readonly address: string;
  /** A connection to it, past the orchestrator. */
  readonly channel: Channel;
  readonly agent: Client<typeof AgentService>;

  private constructor(member: Member, mesh: Mesh, started: Started, address: string) {
    this.member = member;
    this.mesh = mesh;
    this.started = started;
    this.address = address;
    this.channel = new Channel(address);
    this.agent = createClient(AgentService, this.channel);
  }

  /** Starts a member with its probe, and an orchestrator that it announces itself to or that knows its address. */
  static async start(member: Member): Promise<TestedMember> {
    const mesh = await Mesh.create();
    try {
      const started = mesh.start(commandIn(member.language, member.command, { TROUPE_CONFORMANCE: '1' }));
      const address = await started.address;
      await mesh.up(...(member.announces ? [] : [address]));
      return new TestedMember(member, mesh, started, address);
    } catch (error) {
      await mesh.close();
      throw error;
    }
  }

  /** Gives its probe an order, through the orchestrator. */
  ask(order: JsonValue, options?: TaskOptions) {
    return this.mesh.troupe.dispatch(PROBE_CAPABILITY, order, options);
  }

  /** Hands it a message itself, and answers its reply. */
  async handle(message: MessageInitShape<typeof AgentMessageSchema>): Promise<AgentMessage | undefined> {
    return (await this.agent.handle({ message })).message;
  }

  /** How it says that it is. */
  async heartbeat() {
    return (await this.handle({ type: MessageType.HEARTBEAT }))?.heartbeat;
  }

  /** Waits until it has so many tasks in flight. */
  inFlight(tasks: number): Promise<void> {
    return vi.waitFor(async () => expect((await this.heartbeat())?.inFlight).toBe(tasks), {
      timeout: PATIENCE_MS,
    });
  }

  async close(): Promise<void> {
    this.channel.close();
    await this.mesh.close();
  }
}

/** How something was refused: the status of a call, or the ERROR message that means the same. */
export async function refusal(
  answered: Promise<unknown>,
): Promise<{ code: Code; reason: string | undefined }> {
  const answer = await answered.catch(RpcError.from);
  if (answer instanceof RpcError) return { code: answer.code, reason: reasonOf(answer) };
  const { error } = answer as { error?: Parameters<typeof RpcError.fromStatus>[0] };
  if (!error) throw new Error('It was not refused.');
  const said = RpcError.fromStatus(error);
  return { code: said.code, reason: reasonOf(said) };
}
