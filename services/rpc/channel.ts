import { type ChannelOptions, Client, connectivityState } from '@grpc/grpc-js';
import { Code } from './code.ts';
import type { Deadline } from './deadline.ts';
import { FLOW_CONTROL_WINDOW } from './flow-control.ts';
import { RpcError } from './rpc-error.ts';
import { SocketWatch } from './socket-watch.ts';
import type { StopSignal } from './stop-signal.ts';

/** How a channel connects. */
export interface ConnectOptions {
  /** How long one attempt to connect may take before it is begun anew, in milliseconds. Default: 2,000. */
  connectTimeoutMs?: number;
  /**
   * After how much silence on a connection with open calls the other end is asked for a sign of life by an HTTP/2 PING,
   * in milliseconds. Default: 310,000: C-core, Go and Java servers end a connection that asks more often than every
   * 5 min. What is said on a link is watched more closely, by HEARTBEAT.
   */
  keepaliveMs?: number;
  /** How long that may take before the connection counts as broken, in milliseconds. Default: 10,000. */
  keepaliveTimeoutMs?: number;
}

const OPTIONS: ChannelOptions = {
  // One connection for one channel: grpc-js would otherwise share it between all channels to the address.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // An idle channel stays connected, so that the next call finds it ready: the longest timer that there is.
  'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
  // Nobody looks at grpc-js's own statistics, which it keeps for every message.
  'grpc.enable_channelz': 0,
};

/** A wait for an answer: since when, and what had come over the connection by then. */
export interface Wait {
  /** When it began, in milliseconds of the monotonic clock. */
  readonly at: number;
  readonly bytesRead: number;
}

/**
 * How long nothing at all may come over a connection on which answers are waited for in vain, in milliseconds. Ours: as
 * long as a link may be silent, or an attempt to connect may take.
 */
const SILENT_MS = 2000;

/**
 * The way to one address: one connection, made when first needed and again whenever it breaks.
 *
 * grpc-js has no connect time-out: a peer that accepts TCP and then says nothing would leave it CONNECTING
 * for ever. A watchdog replaces the client that stays so for too long; the calls that waited on it fail
 * UNAVAILABLE.
 */
export class Channel {
  /** Where it leads: `host:port`. */
  readonly address: string;
  readonly #connectTimeoutMs: number;
  readonly #options: ChannelOptions;
  readonly #listeners = new Set<(state: connectivityState) => void>();
  readonly #watch = new SocketWatch();
  #client: Client;
  #watchdog: NodeJS.Timeout | undefined;
  #closed = false;
  /** The first of the waits in vain over which nothing came. */
  #inVain: Wait = { at: 0, bytesRead: -1 };

  constructor(address: string, options: ConnectOptions = {}) {
    this.address = address;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 2000;
    this.#options = {
      ...OPTIONS,
      'grpc.keepalive_time_ms': options.keepaliveMs ?? 310_000,
      'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs ?? 10_000,
    };
    this.#client = this.#connect();
  }

  /**
   * The grpc-js client of the moment: ask for it at each call, and keep it no longer. UNAVAILABLE after
   * `close`.
   */
  get client(): Client {
    if (this.#closed) throw this.#closedHere();
    return this.#client;
  }

  /** How many bytes have come over the connection, be it of a message that is not there yet: a sign of life. */
  get bytesRead(): number {
    return this.#watch.bytesRead;
  }

  /** Whoever begins to wait for an answer may say later that it was in vain. */
  beginWait(): Wait {
    return { at: performance.now(), bytesRead: this.bytesRead };
  }

  /**
   * The time for an answer has run out. Where nothing at all has come for 2 s, the connection is taken for dead, and
   * cut: no one may have told of it, as where a node is gone, or a proxy has forgotten it.
   */
  waitedInVain(wait: Wait): void {
    if (wait.bytesRead !== this.bytesRead) return;
    if (this.#inVain.bytesRead !== wait.bytesRead) this.#inVain = wait;
    if (performance.now() - this.#inVain.at >= SILENT_MS) this.cut();
  }

  /** Breaks the connection: calls on it fail UNAVAILABLE, and the next ones are made on another. */
  cut(): void {
    if (this.#closed) return;
    this.#watch.cut();
    // It takes a turn of the event loop until grpc-js knows, and what is called meanwhile would go down with it.
    this.#replace(this.#client);
  }

  /** Whether the connection stands. */
  get connected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  /** Whether the last attempt to connect failed; from then on others follow of themselves, 0.1 to 1 s apart. */
  get failing(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE;
  }

  /**
   * Waits until the connection stands, and makes one attempt where it does not. Fails UNAVAILABLE when that
   * attempt does, DEADLINE_EXCEEDED when the time runs out first, and with the signal's reason when that
   * aborts.
   */
  ready(deadline: Deadline, signal?: StopSignal): Promise<void> {
    if (this.connected) return Promise.resolve();
    if (this.#closed) return Promise.reject(this.#closedHere());
    if (signal?.aborted) return Promise.reject(RpcError.from(signal.reason));
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#listeners.delete(listener);
        signal?.removeEventListener('abort', onAbort);
        alarm.cancel();
        end();
      };
      const listener = (state: connectivityState) => {
        if (this.#closed) settle(() => reject(this.#closedHere()));
        else if (state === connectivityState.READY) settle(resolve);
        else if (state === connectivityState.TRANSIENT_FAILURE)
          settle(() => reject(this.#unreachable(Code.UNAVAILABLE)));
      };
      const onAbort = () => settle(() => reject(RpcError.from(signal?.reason)));
      const alarm = deadline.onExpired(() => settle(() => reject(this.#unreachable(Code.DEADLINE_EXCEEDED))));
      this.#listeners.add(listener);
      signal?.addEventListener('abort', onAbort);
      this.#client.getChannel().getConnectivityState(true);
    });
  }

  /** Calls `listener` each time that the connection breaks, until the function that it returns is called. */
  onDisconnected(listener: () => void): () => void {
    return this.onConnection((stands) => {
      if (!stands) listener();
    });
  }

  /** The same, each time that the connection is made or breaks: the listener is told which. */
  onConnection(listener: (stands: boolean) => void): () => void {
    let wasReady = this.connected;
    const changed = (state: connectivityState) => {
      const isReady = state === connectivityState.READY;
      if (wasReady !== isReady) listener(isReady);
      wasReady = isReady;
    };
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /**
   * Lets calls in flight end, then closes the connection; what still waits for one fails, and nothing can be
   * called any more.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#watchdog);
    this.#client.close();
    for (const listener of [...this.#listeners]) listener(connectivityState.SHUTDOWN);
  }

  #connect(): Client {
    const client = new Client(this.address, this.#watch, this.#options);
    this.#follow(client);
    return client;
  }

  #follow(client: Client): void {
    if (this.#closed) return;
    const channel = client.getChannel();
    const state = channel.getConnectivityState(false);
    clearTimeout(this.#watchdog);
    if (state === connectivityState.CONNECTING) {
      this.#watchdog = setTimeout(() => this.#replace(client), this.#connectTimeoutMs);
    }
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, (error) => {
      if (error || client !== this.#client) return;
      this.#follow(client);
      for (const listener of [...this.#listeners]) listener(channel.getConnectivityState(false));
    });
  }

  #replace(stuck: Client): void {
    this.#client = this.#connect();
    stuck.close();
    for (const listener of [...this.#listeners]) listener(connectivityState.TRANSIENT_FAILURE);
  }

  #closedHere(): RpcError {
    return new RpcError(Code.UNAVAILABLE, `The connection to ${this.address} was closed at this end.`);
  }

  #unreachable(code: Code): RpcError {
    if (code === Code.UNAVAILABLE) return nobodyAnswers(this.address);
    const text = `The time ran out before ${this.address} was connected. Give it more, and see that it runs.`;
    return new RpcError(code, text);
  }
}

/** The failure of what needs a connection to an address, where none comes about. */
export function nobodyAnswers(address: string): RpcError {
  const text = `Nobody answers at ${address}. Does it run, and does it listen there?`;
  return new RpcError(Code.UNAVAILABLE, text);
}
