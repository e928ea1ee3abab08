import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
} from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { file_google_rpc_error_details } from '../../gen/google/rpc/error_details_pb.js';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { Code } from './code.ts';
import { methodDefinition } from './codec.ts';
import { FLOW_CONTROL_WINDOW } from './flow-control.ts';
import type { Handlers } from './handlers.ts';
import { createHealth, ServingStatus } from './health.ts';
import { type Logger, silent } from './log.ts';
import { reflectionHandlers } from './reflection.ts';
import { RpcError } from './rpc-error.ts';
import { serveBidi, serveServerStream } from './serve-stream.ts';
import { serveUnary } from './serve-unary.ts';
import type { ServerCall, ServerCalls } from './server-call.ts';

/** A service with its implementation. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly handlers: Handlers<DescService>;
}

/** Binds an implementation to its service; the compiler holds the two against each other. */
export function bind<S extends DescService>(service: S, handlers: Handlers<S>): ServiceBinding {
  return { service, handlers: handlers as unknown as Handlers<DescService> };
}

/** How a server is made. */
export interface ServerOptions {
  /** What it serves, beside health and reflection, which every server of ours has. */
  services: readonly ServiceBinding[];
  /** Where it logs, one line per call. Default: nowhere. */
  log?: Logger;
  /** How many calls one connection may have open; more wait at the client. Default: 1,000. */
  maxStreamsPerConnection?: number;
}

/** How long calls that were told to end get to do so before their connections are cut, in milliseconds. */
const LAST_WORDS_MS = 250;

/** A gRPC server: start with `listen`, leave with `drain`, or cut it off with `close`. */
export class RpcServer {
  readonly #server: Server;
  readonly #health = createHealth();
  readonly #open = new Set<ServerCall>();
  readonly #draining = new AbortController();
  readonly #whenIdle = new Set<() => void>();

  constructor(options: ServerOptions) {
    this.#server = new Server({
      'grpc.max_concurrent_streams': options.maxStreamsPerConnection ?? 1000,
      'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW,
    });
    const calls: ServerCalls = {
      log: options.log ?? silent,
      draining: this.#draining.signal,
      open: this.#open,
      onEnd: () => {
        if (this.#open.size === 0) for (const idle of this.#whenIdle) idle();
      },
    };
    const services = [...options.services, bind(Health, this.#health.handlers)];
    const reflection = reflectionHandlers(
      services.map(({ service }) => service),
      [file_google_rpc_error_details],
    );
    services.push(bind(ServerReflection, reflection.v1), bind(ServerReflectionAlpha, reflection.v1alpha));
    for (const binding of services) this.#add(binding, calls);
    for (const { service } of options.services) this.#health.set(service.typeName, ServingStatus.SERVING);
  }

  /** Aborted when the server begins to drain. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /**
   * Begins to serve at `address` (`host:port`; port 0 takes a free one) and answers the address with the real
   * port. Fails UNAVAILABLE where it cannot be listened at.
   */
  async listen(address: string): Promise<string> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (!error) return resolve(bound);
        const text = `Cannot listen on ${address}: ${error.message}. Stop what listens there, or choose another port.`;
        reject(new RpcError(Code.UNAVAILABLE, text, [], { cause: error }));
      });
    });
    return `${address.slice(0, address.lastIndexOf(':'))}:${port}`;
  }

  /**
   * Leaves well: says NOT_SERVING, tells open calls through `context.draining`, waits for them to end, then
   * closes. Calls that still come reach their handlers, which refuse them. What is open after `graceMs`
   * (default 10 s) is ended UNAVAILABLE.
   */
  async drain(graceMs = 10_000): Promise<void> {
    this.#health.shutdown();
    this.#draining.abort();
    await this.#idle(graceMs);
    await this.close();
  }

  /** Ends every open call UNAVAILABLE, closes every connection, and frees the port. */
  async close(): Promise<void> {
    this.#health.shutdown();
    this.#draining.abort();
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    for (const call of this.#open) call.abort(new RpcError(Code.UNAVAILABLE, 'The server is shutting down.'));
    const force = setTimeout(() => this.#server.forceShutdown(), LAST_WORDS_MS);
    await closed;
    clearTimeout(force);
  }

  #idle(withinMs: number): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const idle = () => {
        clearTimeout(timer);
        this.#whenIdle.delete(idle);
        resolve();
      };
      const timer = setTimeout(idle, withinMs);
      this.#whenIdle.add(idle);
    });
  }

  #add({ service, handlers }: ServiceBinding, calls: ServerCalls): void {
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of service.methods) {
      definition[method.localName] = methodDefinition(method);
      implementation[method.localName] = served(method, handlers[method.localName] as never, calls);
    }
    this.#server.addService(definition, implementation);
  }
}

function served(method: DescMethod, handler: never, calls: ServerCalls): UntypedHandleCall {
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
