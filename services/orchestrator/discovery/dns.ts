import { DiscoverySource } from '../../../gen/troupe/v1/roster_pb.js';
import type { Logger } from '../../rpc/log.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Discovery, DiscoverySink } from './discovery.ts';
import { lookUp, type Resolver, systemResolver } from './look-up.ts';

/** What is looked up, and how often. */
export interface DnsDiscoveryOptions {
  /** The names: `host:port`, or one that begins with `_` for an SRV record. */
  names: Iterable<string>;
  /** Hears of look-ups that fail, once until they succeed again. */
  log: Logger;
  /** How long after a look-up ends the name is looked up again, in milliseconds. Default: 5,000. */
  intervalMs?: number;
  /** Asks DNS. Default: this machine's resolver. */
  resolver?: Resolver;
}

/**
 * Finds the addresses behind DNS names. Each name is looked up again and again on its own, so that a slow one
 * holds up no other. What a name last had stays found while its look-up fails: a name server that is down
 * says nothing about the instances.
 */
export class DnsDiscovery implements Discovery {
  readonly #names: ReadonlySet<string>;
  readonly #log: Logger;
  readonly #intervalMs: number;
  readonly #resolver: Resolver;
  readonly #found = new Map<string, Set<string>>();
  readonly #failing = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #sink: DiscoverySink | undefined;

  constructor(options: DnsDiscoveryOptions) {
    this.#names = new Set(options.names);
    this.#log = options.log;
    this.#intervalMs = options.intervalMs ?? 5_000;
    this.#resolver = options.resolver ?? systemResolver;
  }

  start(sink: DiscoverySink): void {
    this.#sink = sink;
    for (const name of this.#names) void this.#round(name);
  }

  close(): void {
    this.#sink = undefined;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #round(name: string): Promise<void> {
    try {
      const addresses = await lookUp(name, this.#resolver);
      if (this.#failing.delete(name)) this.#log.info({ name }, 'the name is found again');
      this.#tell(name, addresses);
    } catch (thrown) {
      this.#fail(name, RpcError.from(thrown));
    }
    if (!this.#sink) return;
    this.#timers.set(name, setTimeout(() => void this.#round(name), this.#intervalMs).unref());
  }

  #fail(name: string, { message }: RpcError): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    this.#log.warn({ name, error: message }, 'the name could not be looked up: what it last had stays');
  }

  /** Names may have addresses in common, so that the sink hears of what changes in all of them together. */
  #tell(name: string, addresses: Set<string>): void {
    const before = this.#addresses();
    this.#found.set(name, addresses);
    const now = this.#addresses();
    for (const address of now) if (!before.has(address)) this.#sink?.found(address, DiscoverySource.DNS);
    for (const address of before) if (!now.has(address)) this.#sink?.gone(address, DiscoverySource.DNS);
  }

  #addresses(): Set<string> {
    return new Set([...this.#found.values()].flatMap((addresses) => [...addresses]));
  }
}
