import { setTimeout as pause } from 'node:timers/promises';
import type { AgentCard } from '../../gen/troupe/v1/agent_card_pb.js';
import { type Heartbeat, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, type HandleResponse } from '../../gen/troupe/v1/agent_service_pb.js';
import { AgentStatus } from '../../gen/troupe/v1/agent_status_pb.js';
import { PROBE_CAPABILITY, type ProbeOrder } from '../agent/conformance-probe.ts';
import { uuid7 } from '../protocol/uuid7.ts';
import { type JsonObject, toValue } from '../protocol/value.ts';
import { Channel } from '../rpc/channel.ts';
import { type Client, createClient } from '../rpc/client.ts';
import { Deadline } from '../rpc/deadline.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { type Answer, toAnswer } from './answer.ts';
import { breach } from './breach.ts';
import type { DrainRecord } from './drain-record.ts';
import { type MessageInit, RawLink } from './raw-link.ts';
import type { Survey } from './survey.ts';

/** What is visited. */
export interface VisitOptions {
  /** Where the agent is, `host:port`. */
  readonly address: string;
  readonly survey: Survey;
  /** How long what has to come is waited for, in milliseconds. */
  readonly patienceMs: number;
  /** Lets the agent drain, the first time, and answers what was seen. */
  readonly drained: () => Promise<DrainRecord>;
}

/** How a message is sent on Handle beside what it says itself. */
export interface HandleOptions {
  readonly signal?: AbortSignal;
  /** The gRPC deadline, in milliseconds from now. Default: as long as the kit is patient. */
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How often an agent is asked how it is while something is waited for, in milliseconds. */
const POLL_MS = 10;

/**
 * How long a task of the probe works that is to be ended before it has done, in milliseconds: longer than
 * anybody waits.
 */
export const ENDLESS_MS = 30_000;

/** Who asks: the sender of the kit's messages. */
export const VERIFIER = 'troupe-verify';

/**
 * One check's own connection to the agent. It is closed when the check has ended, with all that is still open
 * on it.
 */
export class Visit {
  readonly address: string;
  readonly survey: Survey;
  readonly patienceMs: number;
  readonly channel: Channel;
  readonly agent: Client<typeof AgentService>;
  readonly drained: () => Promise<DrainRecord>;

  readonly #links: RawLink[] = [];

  constructor({ address, survey, patienceMs, drained }: VisitOptions) {
    this.address = address;
    this.survey = survey;
    this.patienceMs = patienceMs;
    this.drained = drained;
    this.channel = new Channel(address);
    this.agent = createClient(AgentService, this.channel);
  }

  /** The agent's card, for checks that need one. */
  get card(): AgentCard {
    if (!this.survey.card) throw breach('Describe answers no card');
    return this.survey.card;
  }

  /** How many of `wanted` tasks the agent takes at once. */
  capacity(wanted: number): number {
    return Math.min(wanted, this.card.maxConcurrency || wanted);
  }

  /** When the patience with something that begins now ends. */
  get deadline(): Deadline {
    return Deadline.after(this.patienceMs);
  }

  /** Opens a link, which ends with the visit. */
  openLink(): RawLink {
    const link = new RawLink(this.agent, this.patienceMs);
    this.#links.push(link);
    return link;
  }

  /** Sends a message to Handle. */
  async handle(message: MessageInit, options: HandleOptions = {}): Promise<Answer> {
    const { timeoutMs = this.patienceMs, ...rest } = options;
    return answerOf(this.agent.handle({ message }, { ...rest, deadline: Deadline.after(timeoutMs) }));
  }

  /** Sends Handle a request without a message. */
  async handleNothing(): Promise<Answer> {
    return answerOf(this.agent.handle({}, { deadline: this.deadline }));
  }

  /** A task for the probe, complete. */
  probe(order: ProbeOrder | null = {}, init: MessageInit = {}): MessageInit {
    const payload = toValue(order as JsonObject | null);
    return {
      id: uuid7(),
      sender: VERIFIER,
      type: MessageType.TASK,
      capability: PROBE_CAPABILITY,
      payload,
      ...init,
    };
  }

  /** How the agent says that it is. */
  async heartbeat(): Promise<Heartbeat> {
    const { reply, error } = await this.handle({
      id: uuid7(),
      sender: VERIFIER,
      type: MessageType.HEARTBEAT,
    });
    if (error) throw error;
    if (!reply?.heartbeat) throw breach('a HEARTBEAT was answered without `heartbeat`');
    return reply.heartbeat;
  }

  /** Waits until the agent says of itself what `wanted` looks for; `what` is that in words. */
  async untilHeartbeat(wanted: (heartbeat: Heartbeat) => boolean, what: string): Promise<Heartbeat> {
    const { deadline } = this;
    while (true) {
      const heartbeat = await this.heartbeat();
      if (wanted(heartbeat)) return heartbeat;
      if (deadline.expired) {
        const { status, inFlight, received, failed } = heartbeat;
        const name = AgentStatus[status] ?? `status ${status}`;
        const said = `${name}, in_flight ${inFlight}, received ${received}, failed ${failed}`;
        throw breach(`its heartbeat did not come to tell ${what} in ${this.patienceMs} ms, but ${said}`);
      }
      await pause(POLL_MS);
    }
  }

  /** How many tasks the agent says are in flight. */
  async inFlight(): Promise<number> {
    return (await this.heartbeat()).inFlight;
  }

  /** Waits until as many tasks are in flight, or more. */
  async untilBusy(least: number): Promise<void> {
    await this.untilHeartbeat(({ inFlight }) => inFlight >= least, `in_flight ${least}`);
  }

  /** Waits until no more tasks are in flight than that. */
  async untilIdle(most: number): Promise<void> {
    await this.untilHeartbeat(({ inFlight }) => inFlight <= most, `in_flight ${most}`);
  }

  /** Closes the connection, and with it all that is open on it: a link would otherwise hold it for ever. */
  close(): void {
    for (const link of this.#links) link.break();
    this.channel.close();
  }
}

function answerOf(call: Promise<HandleResponse>): Promise<Answer> {
  return call.then(
    ({ message }) => toAnswer(message),
    (error) => ({ error: RpcError.from(error) }),
  );
}
