import { afterEach } from 'vitest';
import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { type Agent, RosterEventType } from '../../gen/troupe/v1/roster_pb.js';
import { StateService } from '../../gen/troupe/v1/state_service_pb.js';
import { type AgentDefinition, type ServeOptions, serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/troupe.ts';
import type { OrchestratorOptions } from '../../services/orchestrator/config.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { errorInfoOf } from '../../services/protocol/reason.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { type Client, createClient } from '../../services/rpc/client.ts';
import { codeName } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { type BareMember, type MemberInit, serveMember } from './bare-member.ts';
import { type Ask, asking, CALLERS, type CallerWay, callersOf, type Send } from './callers.ts';
import { agentWithoutLink, type ServedAgent } from './without-link.ts';

/** An orchestrator under test, and ways to call it. */
export interface TestOrchestrator extends Orchestrator {
  /** Its main service, called by RPC. */
  rpc: Client<typeof OrchestratorService>;
  /** Its state, called by RPC. */
  state: Client<typeof StateService>;
  /** Callers that hear all that comes back, by each way to it. */
  send: Record<CallerWay, Send>;
  /** Callers that wait for the end, by each way to it. */
  ask: Record<CallerWay, Ask>;
  /** A caller over a link. */
  troupe: Troupe;
  /** The connection that `rpc` and `state` use. */
  channel: Channel;
  /**
   * Waits until the roster shows the agent as asked; `undefined` is one that is not on it. Answers it as it
   * then is.
   */
  shows(id: string, as: (agent: Agent | undefined) => boolean): Promise<Agent | undefined>;
  /** Waits until the agent is on the roster with a live instance. */
  knows(id: string): Promise<Agent>;
}

/** The ways from an orchestrator to an agent. */
export const AGENT_WAYS = ['Handle', 'Link'] as const;
/** One of them. */
export type AgentWay = (typeof AGENT_WAYS)[number];

/** Every way that a task can come: what holds on one holds on all. */
export const WAYS = CALLERS.flatMap((caller) => AGENT_WAYS.map((agent) => ({ caller, agent })));

/** Starts what a test needs on free ports, and closes all of it after each test. */
export class TestMesh {
  readonly #closing: (() => unknown)[] = [];
  readonly #agents: AgentWay;

  /** `agents`: by which way its agents take their tasks. Default: Link. */
  constructor({ agents = 'Link' }: { agents?: AgentWay } = {}) {
    this.#agents = agents;
    afterEach(async () => {
      // The last that was started goes first: an agent says farewell to an orchestrator that is still there.
      for (const close of this.#closing.splice(0).reverse()) await close();
    });
  }

  /** Lets `close` be called after the test. */
  defer(close: () => unknown): void {
    this.#closing.push(close);
  }

  async orchestrator(options: OrchestratorOptions = {}): Promise<TestOrchestrator> {
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0', ...options });
    const { address } = orchestrator;
    const channel = new Channel(address);
    const rpc = createClient(OrchestratorService, channel);
    const send = callersOf(rpc);
    const troupe = new Troupe(address, { id: 'tester' });
    this.defer(() => orchestrator.close());
    this.defer(() => channel.close());
    this.defer(() => troupe.close());
    const shows = (id: string, as: (agent: Agent | undefined) => boolean) => untilShown(rpc, id, as);
    return {
      ...orchestrator,
      channel,
      rpc,
      send,
      ask: {
        Dispatch: asking(send.Dispatch),
        DispatchStream: asking(send.DispatchStream),
        Link: asking(send.Link),
      },
      troupe,
      state: createClient(StateService, channel),
      shows,
      knows: async (id) => (await shows(id, isLive))!,
    };
  }

  /** An orchestrator that knows the agents given, which have announced themselves. */
  async joinedBy(...definitions: AgentDefinition[]): Promise<TestOrchestrator> {
    const orchestrator = await this.orchestrator();
    const orchestrators = [orchestrator.address];
    await Promise.all(definitions.map((definition) => this.agent(definition, { orchestrators })));
    for (const { id } of definitions) await orchestrator.knows(id);
    return orchestrator;
  }

  /** An orchestrator past its first lease, which knows the agents given and waits for no others. */
  async settledWith(...definitions: AgentDefinition[]): Promise<TestOrchestrator> {
    const agents = await Promise.all(definitions.map((definition) => this.agent(definition)));
    const addresses = agents.map(({ address }) => address);
    const orchestrator = await this.orchestrator({ static: addresses, leaseMs: 1 });
    for (const { id } of definitions) await orchestrator.knows(id);
    return orchestrator;
  }

  async agent(definition: AgentDefinition, options?: ServeOptions): Promise<ServedAgent> {
    const agent = await { Handle: agentWithoutLink, Link: serveAgent }[this.#agents](definition, options);
    this.defer(() => agent.close());
    return agent;
  }

  async member(init?: MemberInit): Promise<BareMember> {
    const member = await serveMember(init);
    this.defer(() => member.close());
    return member;
  }
}

/**
 * Waits until the roster shows the agent as asked; `undefined` is one that is not on it. Answers it as it
 * then is.
 */
export async function untilShown(
  rpc: Client<typeof OrchestratorService>,
  id: string,
  as: (agent: Agent | undefined) => boolean,
): Promise<Agent | undefined> {
  let shown: Agent | undefined;
  let synced = false;
  for await (const { event } of rpc.watchAgents({})) {
    synced ||= event?.type === RosterEventType.SYNCED;
    if (event?.agent?.id === id) shown = event.type === RosterEventType.REMOVED ? undefined : event.agent;
    if (synced && as(shown)) return shown;
  }
  throw new Error('The watch ended.');
}

const LIVE = 3; // IDLE, BUSY and ERROR come before DRAINING and OFFLINE.

/** Whether an agent has an instance that takes tasks. */
export function isLive(agent: Agent | undefined): boolean {
  return agent !== undefined && agent.status > 0 && agent.status <= LIVE;
}

/** How a call failed, in what matters to callers: `NOT_FOUND / AGENT_NOT_FOUND`. */
export async function failure(action: Promise<unknown> | AsyncIterable<unknown>): Promise<string> {
  return describeFailure(await failureOf(action));
}

/** The error with which a call failed. */
export async function failureOf(action: Promise<unknown> | AsyncIterable<unknown>): Promise<RpcError> {
  try {
    if (Symbol.asyncIterator in action) for await (const _ of action);
    else await action;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('Nothing failed.');
}

/** A failure as `CODE / REASON`, or `CODE` where it has no reason of ours. */
export function describeFailure(error: RpcError): string {
  const reason = errorInfoOf(error)?.reason;
  return reason ? `${codeName(error.code)} / ${reason}` : codeName(error.code);
}

/** All that an iteration yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
