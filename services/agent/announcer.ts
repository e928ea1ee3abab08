import { OrchestratorService } from '../../gen/troupe/v1/orchestrator_service_pb.js';
import { durationToMs } from '../protocol/ttl.ts';
import { Channel } from '../rpc/channel.ts';
import { type Client, createClient } from '../rpc/client.ts';
import { Code } from '../rpc/code.ts';
import { Deadline } from '../rpc/deadline.ts';
import type { Logger } from '../rpc/log.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** The first wait after an announcement that failed, in milliseconds; it doubles up to the longest. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 1000;
/** How long an announcement may take, in milliseconds; the orchestrator dials back within it. */
const REGISTER_TIMEOUT_MS = 5000;
/** How long the farewell may take, in milliseconds. */
const DEREGISTER_TIMEOUT_MS = 1000;
/** Which part of its lease an instance lets pass before it renews it. */
const RENEW_AT = 1 / 3;
/** The shortest and the longest time between two renewals, in milliseconds, whatever lease is granted. */
const MIN_RENEWAL_MS = 100;
const MAX_RENEWAL_MS = 3_600_000;

/**
 * After how many milliseconds a lease of `leaseMs` is renewed: a third of it, but at least 100 ms and at most an hour. A
 * timer of Node that is set for more than 24.8 days, or for less than nothing, fires at once.
 */
export function renewalMs(leaseMs: number): number {
  return Math.min(Math.max(leaseMs * RENEW_AT, MIN_RENEWAL_MS), MAX_RENEWAL_MS);
}

/** What an instance announces. */
export interface Announcement {
  agentId: string;
  instanceId: string;
  /** Where it can be reached: `host:port`, or `:port` for the host that the orchestrator sees. */
  address: string;
}

/**
 * Keeps an instance announced to one orchestrator: announces it, renews its lease, and announces it anew as
 * soon as the connection breaks, since an orchestrator that comes back knows nobody.
 */
export class Announcer {
  readonly #announcement: Announcement;
  readonly #channel: Channel;
  readonly #orchestrator: Client<typeof OrchestratorService>;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  /** Whether it ever was: a renewal that fails leaves the lease behind. */
  #announced = false;
  #failing = false;

  constructor(orchestrator: string, announcement: Announcement, log: Logger) {
    this.#announcement = announcement;
    this.#channel = new Channel(orchestrator);
    this.#orchestrator = createClient(OrchestratorService, this.#channel);
    this.#log = log.child({ orchestrator });
    this.#done = this.#run();
  }

  /**
   * Takes the instance off the roster, and stops. An orchestrator that does not answer is left to its lease.
   */
  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    if (this.#announced) {
      const { agentId, instanceId } = this.#announcement;
      const deadline = Deadline.after(DEREGISTER_TIMEOUT_MS);
      await this.#orchestrator.deregister({ agentId, instanceId }, { deadline }).catch(() => {});
    }
    this.#channel.close();
  }

  async #run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      const leaseMs = await this.#announce();
      // An orchestrator that has gone away since it answered may have forgotten everyone.
      if (leaseMs !== undefined && this.#channel.connected) {
        backoffMs = FIRST_BACKOFF_MS;
        await this.#pause(renewalMs(leaseMs));
      } else {
        await this.#pause(backoffMs * (0.5 + Math.random() / 2));
        backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      }
    }
  }

  /** Announces the instance once; answers the lease in milliseconds, or nothing where it failed. */
  async #announce(): Promise<number | undefined> {
    const wait = this.#channel.beginWait();
    try {
      const deadline = Deadline.after(REGISTER_TIMEOUT_MS);
      const options = { deadline, signal: this.#stop.signal };
      const { lease, address } = await this.#orchestrator.register(this.#announcement, options);
      if (!this.#announced || this.#failing) this.#log.info({ address }, 'announced');
      this.#announced = true;
      this.#failing = false;
      return lease ? durationToMs(lease) : undefined;
    } catch (thrown) {
      if (this.#stop.signal.aborted) return undefined;
      const error = RpcError.from(thrown);
      if (error.code === Code.DEADLINE_EXCEEDED) this.#channel.waitedInVain(wait);
      // Told aloud once, when it begins: an orchestrator that is down says so at every attempt.
      const level = this.#failing ? 'debug' : 'warn';
      this.#log[level]({ error: error.message }, 'not announced: trying again');
      this.#failing = true;
      return undefined;
    }
  }

  /** Waits, but no longer than until the connection breaks, or is made: it is made again of itself. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        forget();
        this.#stop.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      const forget = this.#channel.onConnection(done);
      this.#stop.signal.addEventListener('abort', done);
      if (this.#stop.signal.aborted) done();
    });
  }
}
