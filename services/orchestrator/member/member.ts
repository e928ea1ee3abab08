import { setTimeout as sleep } from 'node:timers/promises';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import { troupeError } from '../../protocol/reason.ts';
import { Channel } from '../../rpc/channel.ts';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { type ExpectedInstance, isSameInstance } from '../discovery/discovery.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Roster } from '../roster/roster.ts';
import { Claims } from './claims.ts';
import type { Connection } from './connection.ts';
import { type Introduction, introduce } from './introduce.ts';
import { Session } from './session.ts';

/** The first wait before an address is dialled again, in milliseconds; it doubles up to the longest. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 1000;

/**
 * One address at which an instance is, or should be: dialled until it answers, kept on the roster while it is
 * connected, and dialled again when it is lost. An instance that is on the roster by another of its addresses
 * stays there, and is taken over when it is lost by that one.
 */
export class Member {
  readonly address: string;
  /** Who says that an instance is there. */
  readonly claims = new Claims();
  readonly #roster: Roster<Connection>;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** Settles when the attempt under way, or the next one, has ended. */
  #attempt = Promise.withResolvers<RosterEntry<Connection>>();
  #wake = new AbortController();
  #session: Session | undefined;
  /** Ends what the last attempt led to. */
  #leave = () => {};

  constructor(address: string, roster: Roster<Connection>, log: Logger) {
    this.address = address;
    this.#roster = roster;
    this.#log = log.child({ address });
    this.#attempt.promise.catch(() => {});
    void this.#run();
  }

  /**
   * The instance that is there, where it is the one that announces itself; `welcome` is told of it before
   * anything else can happen. An instance that is known here stays unless another answers now.
   */
  async dial<T>(expected: ExpectedInstance, welcome: (entry: RosterEntry<Connection>) => T): Promise<T> {
    const ended = this.claims.announce(expected);
    try {
      let entry = await this.#joined();
      if (!isSameInstance(entry, expected)) entry = await this.#lookAgain();
      if (isSameInstance(entry, expected)) return welcome(entry);
      throw this.#mismatch(entry, expected);
    } finally {
      ended();
    }
  }

  /** Ends the connection that there is, and dials anew. What is in flight finishes. */
  redial(): void {
    this.#leave();
  }

  /** Leaves the address alone; its instance goes OFFLINE. What is in flight finishes. */
  close(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#leave();
  }

  /** The same, but what is in flight fails. */
  cut(): void {
    this.#session?.cut();
    this.close();
  }

  /** The instance that is there: at once where it is connected, else at the end of an attempt made now. */
  #joined(): Promise<RosterEntry<Connection>> {
    this.#wake.abort();
    return this.#attempt.promise;
  }

  /**
   * Who answers now, on a new connection, may be another than who is known; then that one takes its place.
   */
  async #lookAgain(): Promise<RosterEntry<Connection>> {
    const channel = new Channel(this.address);
    try {
      const { card } = await introduce(channel);
      const entry = await this.#joined();
      if (isSameInstance(entry, { agentId: card.id, instanceId: card.instanceId })) return entry;
    } finally {
      channel.close();
    }
    this.#leave();
    return this.#joined();
  }

  async #run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      const channel = new Channel(this.address);
      this.#leave = () => channel.close();
      const startedAt = performance.now();
      try {
        await this.#serve(channel);
        // One that is lost again and again is not dialled in a tight loop.
        if (performance.now() - startedAt > LONGEST_BACKOFF_MS) backoffMs = FIRST_BACKOFF_MS;
      } catch (thrown) {
        const error = RpcError.from(thrown);
        this.#log.debug({ error: error.message }, 'cannot be joined');
        this.#nextAttempt().reject(error);
      } finally {
        channel.close();
      }
      await this.#pause(backoffMs);
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
    }
    this.#attempt.reject(this.#noInstance('is not looked after any more'));
  }

  /**
   * Joins the instance to the roster, and keeps it there until it is lost. Fails where it cannot be joined.
   */
  async #serve(channel: Channel): Promise<void> {
    const introduction = await this.#introduced(channel);
    if (this.#stop.signal.aborted) return;
    const { card } = introduction;
    const about = { agent: card.id, instance: card.instanceId };
    const ended = Promise.withResolvers<void>();
    const session = new Session({
      channel,
      introduction,
      source: this.claims.source,
      roster: this.#roster,
      log: this.#log,
      onEnd: () => {
        this.#nextAttempt();
        ended.resolve();
      },
    });
    this.#session = session;
    this.#leave = () => session.end();
    this.#attempt.resolve(session.entry);
    this.#log.info(about, 'joined');
    await ended.promise;
    this.#log.info(about, 'lost');
  }

  /**
   * Who is there, once it is here that it has to be kept on the roster. Fails where nobody is, or nobody who
   * may be.
   */
  async #introduced(channel: Channel): Promise<Introduction> {
    while (true) {
      const introduction = await introduce(channel);
      const { card } = introduction;
      this.#admit({ agentId: card.id, instanceId: card.instanceId });
      const elsewhere = this.#elsewhere(card.instanceId);
      if (this.#stop.signal.aborted || (channel.connected && !elsewhere)) return introduction;
      if (!elsewhere) throw this.#noInstance('was lost as soon as it was reached');
      await this.#standBy(elsewhere, channel);
    }
  }

  /** Refuses an instance that may not be here, or whose id belongs to another. */
  #admit(found: ExpectedInstance): void {
    const other = this.#roster.instance(found.instanceId);
    if (other && other.agentId !== found.agentId && other.status !== AgentStatus.OFFLINE) {
      throw troupeError(
        'CARD_MISMATCH',
        `The instance id ${found.instanceId} of ${found.agentId} belongs to ${other.agentId} at ${other.address}: ` +
          'give every instance an id of its own.',
        { agent: found.agentId, instance: found.instanceId },
      );
    }
    const expected = this.claims.insteadOf(found);
    if (expected) throw this.#mismatch(found, expected);
  }

  /** The instance, where it is kept on the roster by another of its addresses. */
  #elsewhere(instanceId: string): RosterEntry<Connection> | undefined {
    const entry = this.#roster.instance(instanceId);
    return entry && entry.address !== this.address && entry.status !== AgentStatus.OFFLINE
      ? entry
      : undefined;
  }

  /**
   * Waits until the instance is no longer kept on the roster by its other address, or the connection here
   * breaks.
   */
  #standBy(entry: RosterEntry<Connection>, channel: Channel): Promise<void> {
    this.#attempt.resolve(entry);
    return new Promise((resolve) => {
      const done = () => {
        unsubscribe();
        forget();
        this.#leave = () => channel.close();
        this.#nextAttempt();
        resolve();
      };
      const unsubscribe = this.#roster.subscribe(() => {
        if (this.#elsewhere(entry.instanceId) !== entry) done();
      });
      const forget = channel.onDisconnected(done);
      this.#leave = done;
    });
  }

  /** The attempt that ends now; from here on, `#joined` waits for the next. */
  #nextAttempt(): PromiseWithResolvers<RosterEntry<Connection>> {
    const ended = this.#attempt;
    this.#attempt = Promise.withResolvers();
    this.#attempt.promise.catch(() => {});
    return ended;
  }

  #mismatch(found: ExpectedInstance, expected: ExpectedInstance): RpcError {
    const { agentId: agent, instanceId: instance } = expected;
    const text =
      `At ${this.address} answers the instance ${found.instanceId} of ${found.agentId}, ` +
      `not ${instance} of ${agent}: announce the address where it listens itself.`;
    return troupeError('CARD_MISMATCH', text, { agent, instance });
  }

  #noInstance(why: string): RpcError {
    return troupeError('NO_LIVE_INSTANCE', `The address ${this.address} ${why}.`);
  }

  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController();
    if (this.#stop.signal.aborted) return;
    const options = { signal: this.#wake.signal, ref: false };
    await sleep(ms * (0.5 + Math.random() / 2), undefined, options).catch(() => {});
  }
}
