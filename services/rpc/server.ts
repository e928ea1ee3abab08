import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
} from '@bufbuild/protobuf';
import {
  type Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { formatAddress } from './address.ts';
import { Code } from './code.ts';
import { methodDefinition } from './codec.ts';
import { createGrpcServer } from './grpc-server.ts';
import { createHealth } from './health.ts';
import { type Limits, withDefaultLimits } from './limits.ts';
import { cannotListen, listenAddress } from './listen-address.ts';
import { type Logger, silent } from './log.ts';
import { OpenCalls } from './open-calls.ts';
import { requestBytes } from './request-bytes.ts';
import { RpcError } from './rpc-error.ts';
import { serveBidi, serveServerStream } from './serve-stream.ts';
import { serveUnary } from './serve-unary.ts';
import { bind, linkPaths, type ServiceBinding, withHealthAndReflection } from './service-binding.ts';
import { readWithin } from './unreadable.ts';

export { bind, type ServiceBinding };

/** How a server is made. */
export interface ServerOptions {
  /** What it serves, beside health and reflection, which every server of ours has. */
  services: readonly ServiceBinding[];
  /** Where it logs, one line per call. Default: nowhere. */
  log?: Logger;
  /** What it grants its peers at most, where that is not the default. */
  limits?: Partial<Limits>;
}

/** How long calls that were told to end get to do so before their connections are cut, in milliseconds. */
const LAST_WORDS_MS = 250;

/** A gRPC server: start with `listen`, leave with `drain`, or cut it off with `close`. */
export class RpcServer {
  readonly #server: Server;
  readonly #health = createHealth();
  readonly #calls: OpenCalls;
  readonly #limits: Limits;

  constructor(options: ServerOptions) {
    const { log = silent } = options;
    this.#limits = withDefaultLimits(options.limits);
    const services = withHealthAndReflection(options.services, this.#health);
    this.#server = createGrpcServer(this.#limits, linkPaths(services), log);
    this.#calls = new OpenCalls(log);
    for (const binding of services) this.#add(binding);
  }

  /**
   * Begins to serve at `address` (`host:port`, or `:port` of 127.0.0.1; port 0 takes a free one) and answers the
   * address with the real port. Fails INVALID_ARGUMENT where it is no address, UNAVAILABLE where it cannot be listened at.
   */
  async listen(address: string): Promise<string> {
    const { host, port } = listenAddress(address);
    const text = formatAddress({ host, port });
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(text, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(cannotListen(text, error));
        else resolve(bound);
      });
    });
    return formatAddress({ host, port: bound });
  }

  /**
   * Leaves well: says NOT_SERVING, tells open calls through `context.draining`, waits for them to end, then
   * closes. Calls that still come reach their handlers, which refuse them. What is open after `graceMs` milliseconds
   * (default 10,000; Infinity: it waits for ever) is ended UNAVAILABLE.
   */
  async drain(graceMs = 10_000): Promise<void> {
    this.#health.shutdown();
    this.#calls.beginDraining();
    await this.#calls.idle(graceMs);
    await this.close();
  }

  /**
   * Ends every open call UNAVAILABLE, closes every connection, and frees the port. It does not wait for a peer that
   * leaves its end of a connection open, as one that is frozen does.
   */
  async close(): Promise<void> {
    this.#health.shutdown();
    this.#calls.beginDraining();
    const closed = Promise.withResolvers<void>();
    this.#server.tryShutdown(() => closed.resolve());
    this.#calls.abort(new RpcError(Code.UNAVAILABLE, 'The server is shutting down.'));
    const force = setTimeout(() => {
      this.#server.forceShutdown();
      closed.resolve();
    }, LAST_WORDS_MS);
    await closed.promise;
    clearTimeout(force);
  }

  #add({ service, handlers, codecs }: ServiceBinding): void {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      const known = methodDefinition(method, codecs);
      const requestDeserialize = readWithin(
        method,
        known.requestDeserialize,
        requestBytes(method, this.#limits),
      );
      definition[method.localName] = { ...known, requestDeserialize };
      implementation[method.localName] = served(method, handlers[method.localName] as never, this.#calls);
    }
    this.#server.addService(definition, implementation);
  }
}

function served(method: DescMethod, handler: never, calls: OpenCalls): UntypedHandleCall {
  switch (method.methodKind) {
    case 'unary':
      return serveUnary(method as DescMethodUnary, handler, calls);
    case 'server_streaming':
      return serveServerStream(method as DescMethodServerStreaming, handler, calls);
    case 'bidi_streaming':
      return serveBidi(method as DescMethodBiDiStreaming, handler, calls);
    case 'client_streaming':
      throw new Error(`${method.toString()}: client streams are not served.`);
  }
}
