import { Code } from '../rpc/code.ts';
import { createHealth } from '../rpc/health.ts';
import { type Limits, withDefaultLimits } from '../rpc/limits.ts';
import { type Logger, silent } from '../rpc/log.ts';
import { OpenCalls } from '../rpc/open-calls.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { linkPaths, type ServiceBinding, withHealthAndReflection } from '../rpc/service-binding.ts';
import { HttpServer } from './http-server.ts';
import { requestListener } from './request-listener.ts';

/** How an HTTP door is made. */
export interface EdgeOptions {
  /** What it serves, beside health and reflection: the same bindings as at any other door. */
  services: readonly ServiceBinding[];
  /** Where it logs, one line per call. Default: nowhere. */
  log?: Logger;
  /** The origins whose pages may call it (`https://console.example.com`), or `*` for any. Default: none. */
  allowedOrigins?: readonly string[];
  /**
   * What it grants its peers at most, where that is not the default: that of RpcServer, but for 500
   * `waitingRequests`.
   */
  limits?: Partial<Limits>;
  /**
   * How large an answer may be, in bytes: JSON takes more room than the message that it shows. Default: 16
   * MiB.
   */
  writeMaxBytes?: number;
}

/** How many calls may wait for the rest of their request: each costs several times what it does by gRPC. */
const WAITING_REQUESTS = 500;

/**
 * How long answers that are being written get to be finished before their connections are cut, in
 * milliseconds.
 */
const LAST_WORDS_MS = 250;

/**
 * The HTTP door: JSON and binary in the Connect protocol, gRPC-Web, and gRPC where the caller speaks
 * HTTP/2. It knows no services; it is begun and left as an RpcServer is. `GET /healthz` answers 200, and
 * 503 once it drains.
 */
export class EdgeServer {
  readonly #health = createHealth();
  readonly #calls: OpenCalls;
  readonly #server: HttpServer;

  constructor(options: EdgeOptions) {
    const { log = silent } = options;
    const limits = withDefaultLimits({ waitingRequests: WAITING_REQUESTS, ...options.limits });
    const services = withHealthAndReflection(options.services, this.#health);
    this.#calls = new OpenCalls(log);
    const listener = requestListener({
      services,
      calls: this.#calls,
      allowedOrigins: options.allowedOrigins ?? [],
      limits,
      writeMaxBytes: options.writeMaxBytes ?? 16 * 2 ** 20,
    });
    this.#server = new HttpServer(listener, { limits, links: linkPaths(services), log });
  }

  /**
   * Begins to serve at `address` (`host:port`, or `:port` of 127.0.0.1; port 0 takes a free one) and answers the
   * address with the real port. Fails INVALID_ARGUMENT where it is no address, UNAVAILABLE where it cannot be listened at.
   */
  listen(address: string): Promise<string> {
    return this.#server.listen(address);
  }

  /**
   * Leaves well: says NOT_SERVING, tells open calls through `context.draining`, waits for them to end, then
   * closes. Calls that still come reach their handlers, which refuse them. What is open after `graceMs`
   * (default 10 s) is ended UNAVAILABLE.
   */
  async drain(graceMs = 10_000): Promise<void> {
    this.#health.shutdown();
    this.#calls.beginDraining();
    await this.#calls.idle(graceMs);
    await this.close();
  }

  /** Ends every open call UNAVAILABLE, closes every connection, and frees the port. */
  async close(): Promise<void> {
    this.#health.shutdown();
    this.#calls.beginDraining();
    this.#calls.abort(new RpcError(Code.UNAVAILABLE, 'The server is shutting down.'));
    await this.#server.close(LAST_WORDS_MS);
  }
}
