import { randomUUID } from 'node:crypto';
import type { AgentCard } from '../../gen/troupe/v1/agent_card_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Orchestrators } from '../client/orchestrators.ts';
import { checkedTime } from '../protocol/check-option.ts';
import { messageCodecs } from '../protocol/codecs.ts';
import { type Logger, silent } from '../rpc/log.ts';
import { bind, RpcServer } from '../rpc/server.ts';
import { agentHandlers } from './agent-service.ts';
import { Announcer } from './announcer.ts';
import { makeCard } from './card.ts';
import type { AgentDefinition } from './definition.ts';
import { History, type HistoryRecord } from './history.ts';
import { Tally } from './tally.ts';
import { TaskRunner } from './task-runner.ts';

/** How an instance of an agent is served. */
export interface ServeOptions {
  /** Where it listens, `host:port`; port 0 takes a free one. Default: `127.0.0.1:0`. */
  listen?: string;
  /** The orchestrators that it announces itself to, and asks when it needs others. Default: none. */
  orchestrators?: readonly string[];
  /** The address that it announces. Default: the host that the orchestrator sees it under, with its port. */
  advertise?: string;
  /** Its id among all instances. Default: a new UUID. */
  instanceId?: string;
  /** Where it logs. Default: nowhere. */
  log?: Logger;
}

/** An instance of an agent that is being served. */
export class RunningAgent {
  /** What it says of itself. */
  readonly card: AgentCard;
  /** Where it listens. */
  readonly address: string;
  readonly #server: RpcServer;
  readonly #tally: Tally;
  readonly #runner: TaskRunner;
  readonly #history: History;
  readonly #orchestrators: Orchestrators;
  readonly #announcers: readonly Announcer[];

  private constructor(parts: {
    card: AgentCard;
    address: string;
    server: RpcServer;
    tally: Tally;
    runner: TaskRunner;
    history: History;
    orchestrators: Orchestrators;
    announcers: readonly Announcer[];
  }) {
    this.card = parts.card;
    this.address = parts.address;
    this.#server = parts.server;
    this.#tally = parts.tally;
    this.#runner = parts.runner;
    this.#history = parts.history;
    this.#orchestrators = parts.orchestrators;
    this.#announcers = parts.announcers;
  }

  /**
   * Serves an agent and announces it. Fails INVALID_MESSAGE where the definition breaks a rule, INVALID_ARGUMENT where
   * its own address or that of an orchestrator is none, UNAVAILABLE where its own cannot be listened at; an orchestrator
   * that cannot be reached is tried again and again.
   */
  static async start(definition: AgentDefinition, options: ServeOptions = {}): Promise<RunningAgent> {
    const {
      listen = '127.0.0.1:0',
      orchestrators: addresses = [],
      instanceId = randomUUID(),
      log = silent,
    } = options;
    const card = makeCard(definition, instanceId);
    const orchestrators = new Orchestrators(addresses, card.id);
    const tally = new Tally();
    const history = new History();
    const runner = await TaskRunner.create(definition, { orchestrators, tally, history });
    const services = [
      bind(AgentService, agentHandlers({ definition, card, runner, history, tally }), messageCodecs),
    ];
    const server = new RpcServer({ services, log });
    const address = await server.listen(listen);
    const announcement = {
      agentId: card.id,
      instanceId,
      address: options.advertise ?? address.slice(address.lastIndexOf(':')),
    };
    const announcers = addresses.map((orchestrator) => new Announcer(orchestrator, announcement, log));
    return new RunningAgent({ card, address, server, tally, runner, history, orchestrators, announcers });
  }

  /** The last 256 messages that it took, the oldest first. */
  get history(): readonly HistoryRecord[] {
    return this.#history.records;
  }

  /**
   * Leaves well: says NOT_SERVING and DRAINING, takes nothing new, hands back what waits, finishes what is in
   * flight, leaves the roster, and closes. What is not finished after `graceMs` milliseconds (default 10,000; Infinity:
   * it waits for ever) is cut off. A time that is none is INVALID_MESSAGE, and nothing is drained.
   */
  async drain(graceMs?: number): Promise<void> {
    if (graceMs !== undefined) checkedTime('graceMs', graceMs);
    this.#tally.drain();
    const drained = this.#server.drain(graceMs);
    // After the word that it is leaving: whoever gets a task back knows by then not to send it here again.
    this.#runner.drain();
    await drained;
    await this.#leave();
  }

  /** Cuts everything off at once. */
  async close(): Promise<void> {
    this.#tally.drain();
    this.#runner.drain();
    await this.#server.close();
    await this.#leave();
  }

  /** Last of all: an instance that is off the roster is let go of, with what it still works on. */
  async #leave(): Promise<void> {
    await Promise.all(this.#announcers.map((announcer) => announcer.leave()));
    this.#orchestrators.close();
  }
}

/** Serves an agent: see `RunningAgent.start`. */
export function serveAgent(definition: AgentDefinition, options?: ServeOptions): Promise<RunningAgent> {
  return RunningAgent.start(definition, options);
}
