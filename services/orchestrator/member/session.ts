import { setTimeout as sleep } from 'node:timers/promises';
import { Health, HealthCheckResponse_ServingStatus } from '../../../gen/grpc/health/v1/health_pb.js';
import { AgentStatus } from '../../../gen/troupe/v1/agent_status_pb.js';
import type { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { Channel } from '../../rpc/channel.ts';
import { createClient } from '../../rpc/client.ts';
import { Code } from '../../rpc/code.ts';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { RosterEntry } from '../roster/entry.ts';
import type { Roster } from '../roster/roster.ts';
import { Connection } from './connection.ts';
import type { Introduction } from './introduce.ts';

/** How long after a health watch broke it is begun anew, in milliseconds. */
const HEALTH_RETRY_MS = 1000;

/**
 * What an instance may say that it is doing. OFFLINE is only said about one, and what is not known says
 * nothing.
 */
const SAID: ReadonlySet<AgentStatus> = new Set([
  AgentStatus.IDLE,
  AgentStatus.BUSY,
  AgentStatus.ERROR,
  AgentStatus.DRAINING,
]);

/** What a session is made of. */
export interface SessionParts {
  /** The connection to the instance, which stands; the session closes it. */
  channel: Channel;
  introduction: Introduction;
  source: DiscoverySource;
  roster: Roster<Connection>;
  log: Logger;
  /** Told at once when the session is over. */
  onEnd: () => void;
}

/** One connection to an instance, on the roster from its introduction until it is lost or let go of. */
export class Session {
  /** The instance on the roster. */
  readonly entry: RosterEntry<Connection>;
  readonly #parts: SessionParts;
  readonly #over = new AbortController();
  /**
   * Whether its health lets it take tasks; a member need not serve health, and then does while it is
   * connected.
   */
  #serving: boolean;
  /** What it last said that it is doing. */
  #doing = AgentStatus.IDLE;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { channel, introduction, roster, source, log } = parts;
    const { card, checks, serving } = introduction;
    this.#serving = serving;
    const connection = new Connection(channel, card, checks, {
      onDraining: () => this.#heard(AgentStatus.DRAINING),
      onHeartbeat: ({ status }) => this.#heard(status),
      onLinkClosed: () => this.end(),
      onSinkFailed: (fault) =>
        log.error({ error: RpcError.from(fault).message }, 'the end of a task could not be told'),
    });
    const status = serving ? AgentStatus.IDLE : AgentStatus.DRAINING;
    this.entry = roster.put({ address: channel.address, source, card, connection, status });
    channel.onDisconnected(() => this.end());
    void this.#followHealth(channel);
  }

  /**
   * Lets go of the instance: it is OFFLINE at once, so that nothing more is routed to it; what is in flight
   * finishes.
   */
  end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    const { roster, channel, onEnd } = this.#parts;
    roster.setStatus(this.entry, AgentStatus.OFFLINE);
    this.entry.connection.close();
    channel.close();
    onEnd();
  }

  /** The same, but what is in flight fails INSTANCE_LOST. */
  cut(): void {
    this.end();
    this.entry.connection.cut();
  }

  #heard(status: AgentStatus): void {
    if (SAID.has(status)) this.#doing = status;
    this.#tell();
  }

  #tell(): void {
    if (this.#over.signal.aborted) return;
    this.#parts.roster.setStatus(this.entry, this.#serving ? this.#doing : AgentStatus.DRAINING);
  }

  /**
   * Whether the instance is lost is for its link and connection to say: a watch that breaks is begun anew.
   */
  async #followHealth(channel: Channel): Promise<void> {
    const { signal } = this.#over;
    const health = createClient(Health, channel);
    while (!signal.aborted) {
      try {
        for await (const { status } of health.watch({}, { signal })) {
          this.#serving = status !== HealthCheckResponse_ServingStatus.NOT_SERVING;
          this.#tell();
        }
      } catch (error) {
        if (RpcError.from(error).code === Code.UNIMPLEMENTED) return;
      }
      await sleep(HEALTH_RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
