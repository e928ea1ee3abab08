import { setTimeout as sleep } from 'node:timers/promises';
import { Health, HealthCheckResponse_ServingStatus } from '../../../gen/grpc/health/v1/health_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import { Channel } from '../../rpc/channel.ts';
import { createClient } from '../../rpc/client.ts';
import { Deadline } from '../../rpc/deadline.ts';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Roster } from '../roster/roster.ts';
import { Connection } from './connection.ts';
import { introduce } from './join.ts';

/** How long an instance may take to introduce itself, in milliseconds. */
const DIAL_TIMEOUT_MS = 2000;
/** The first wait before an address is dialled again, in milliseconds; it doubles up to the longest. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 1000;

/**
 * One address at which an instance is, or should be: dialled until it answers, kept on the roster while it is connected,
 * and dialled again when it is lost.
 */
export class Member {
  readonly address: string;
  /** Which sources know of the address: it is kept while one does. */
  readonly sources = new Set<DiscoverySource>();
  readonly #roster: Roster<Connection>;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** Settles when the attempt under way, or the next one, has ended. */
  #attempt = Promise.withResolvers<RosterEntry<Connection>>();
  #wake = new AbortController();
  #lose = () => {};

  constructor(address: string, roster: Roster<Connection>, log: Logger) {
    this.address = address;
    this.#roster = roster;
    this.#log = log.child({ address });
    this.#attempt.promise.catch(() => {});
    void this.#run();
  }

  /** The instance that is there: at once where it is connected, else at the end of an attempt made now. */
  joined(): Promise<RosterEntry<Connection>> {
    this.#wake.abort();
    return this.#attempt.promise;
  }

  /** Gives up the connection that there is, and dials anew. */
  rejoin(): Promise<RosterEntry<Connection>> {
    this.#lose();
    return this.joined();
  }

  /** Leaves the address alone; its instance goes OFFLINE. */
  close(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#lose();
  }

  async #run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      const channel = new Channel(this.address);
      try {
        await this.#serve(channel);
        backoffMs = FIRST_BACKOFF_MS;
      } catch (thrown) {
        const error = RpcError.from(thrown);
        this.#log.debug({ error: error.message }, 'cannot be joined');
        this.#nextAttempt().reject(error);
        await this.#pause(backoffMs);
        backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      } finally {
        channel.close();
      }
    }
    this.#attempt.reject(new Error(`The orchestrator no longer looks after ${this.address}.`));
  }

  /** Joins the instance to the roster, and keeps it there until it is lost. Fails where it cannot be joined. */
  async #serve(channel: Channel): Promise<void> {
    const { card, checks, status } = await introduce(channel, Deadline.after(DIAL_TIMEOUT_MS));
    const lost = Promise.withResolvers<void>();
    const lose = () => {
      // At once, so that not one more task is routed to it.
      this.#roster.setStatus(entry, AgentStatus.OFFLINE);
      lost.resolve();
    };
    const connection = new Connection(channel, card, checks, {
      onDraining: () => this.#roster.setStatus(entry, AgentStatus.DRAINING),
      onHeartbeat: (heartbeat) => this.#roster.setStatus(entry, heartbeat.status),
      onLinkClosed: lose,
    });
    const [source = DiscoverySource.ANNOUNCED] = this.sources;
    const entry = this.#roster.put({ address: this.address, source, card, connection, status });
    this.#log.info({ agent: card.id, instance: card.instanceId }, 'joined');
    const watching = new AbortController();
    channel.onDisconnected(lose);
    void this.#watchHealth(channel, entry, watching.signal);
    this.#lose = lose;
    this.#attempt.resolve(entry);
    if (this.#stop.signal.aborted) lose();

    await lost.promise;
    this.#nextAttempt();
    watching.abort();
    connection.close();
    this.#log.info({ agent: card.id, instance: card.instanceId }, 'lost');
  }

  /** Follows the instance's health while it is connected; one that serves none stays as it is. */
  async #watchHealth(channel: Channel, entry: RosterEntry<Connection>, signal: AbortSignal): Promise<void> {
    try {
      for await (const { status } of createClient(Health, channel).watch({}, { signal })) {
        if (status === HealthCheckResponse_ServingStatus.NOT_SERVING)
          this.#roster.setStatus(entry, AgentStatus.DRAINING);
        else if (entry.status === AgentStatus.DRAINING) this.#roster.setStatus(entry, AgentStatus.IDLE);
      }
    } catch {
      // Whether the instance is lost is for its link and connection to say.
    }
  }

  /** The attempt that ends now; from here on, `joined` waits for the next. */
  #nextAttempt(): PromiseWithResolvers<RosterEntry<Connection>> {
    const ended = this.#attempt;
    this.#attempt = Promise.withResolvers();
    this.#attempt.promise.catch(() => {});
    return ended;
  }

  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    if (this.#stop.signal.aborted) return;
    await sleep(ms * (0.5 + Math.random() / 2), undefined, { signal: this.#wake.signal, ref: false }).catch(
      () => {},
    );
  }
}
