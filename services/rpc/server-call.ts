import type { DescMethod } from '@bufbuild/protobuf';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { CallContext } from './call-context.ts';
import { Code, codeName } from './code.ts';
import { methodPath } from './codec.ts';
import { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';
import { RpcError } from './rpc-error.ts';

/** What every call that a server answers has in common, whatever its shape. */
export interface ServerCalls {
  /** The server's logger. */
  readonly log: Logger;
  /** Aborted when the server begins to drain. */
  readonly draining: AbortSignal;
  /** The calls that are open now. */
  readonly open: Set<ServerCall>;
  /** Told whenever a call ends. */
  onEnd(): void;
}

/** The part of grpc-js's four kinds of server call that they share. */
type Surface = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getPeer' | 'getDeadline'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/**
 * A caller whose time is up resets the stream, and that may get here just before our own clock strikes: a
 * cancel so close to the deadline, in milliseconds, is the deadline's.
 */
const DEADLINE_SLACK_MS = 10;

/** One call on its way through the server: its context, from the request's arrival to the line in the log. */
export class ServerCall implements CallContext {
  readonly method: string;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly draining: AbortSignal;
  readonly #surface: Surface;
  readonly #calls: ServerCalls;
  readonly #controller = new AbortController();
  readonly #startedAt = performance.now();
  #ended = false;
  #log: Logger | undefined;

  constructor(method: DescMethod, surface: Surface, calls: ServerCalls) {
    this.method = methodPath(method).slice(1);
    this.signal = this.#controller.signal;
    this.draining = calls.draining;
    this.deadline = toDeadline(surface.getDeadline());
    this.#surface = surface;
    this.#calls = calls;
    calls.open.add(this);
    // grpc-js emits this at the end of every call, so only what comes before our own end is a cancel.
    surface.on('cancelled', () => this.#cancelled());
  }

  get peer(): string {
    return this.#surface.getPeer();
  }

  get headers(): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(this.#surface.metadata.getMap())) {
      if (typeof value === 'string') headers.set(name, value);
    }
    return headers;
  }

  get log(): Logger {
    this.#log ??= this.#calls.log.child({ method: this.method, peer: this.peer });
    return this.#log;
  }

  /** Ends the call from our side: its handler is told through the signal. */
  abort(reason: RpcError): void {
    if (!this.#ended) this.#controller.abort(reason);
  }

  /**
   * Notes that the call was answered, and writes its line. An error that repeats the abort is logged as that.
   */
  end(error?: RpcError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#calls.open.delete(this);
    this.#writeLine(error);
    this.#calls.onEnd();
  }

  #cancelled(): void {
    const reason =
      this.deadline.remainingMs <= DEADLINE_SLACK_MS
        ? new RpcError(Code.DEADLINE_EXCEEDED, 'The deadline passed before the call was answered.')
        : new RpcError(Code.CANCELLED, 'The caller cancelled the call or went away.');
    this.abort(reason);
  }

  #writeLine(error: RpcError | undefined): void {
    const code = error?.code ?? Code.OK;
    // Probes come every few seconds and say nothing new while they succeed.
    const level = error === undefined && this.method.startsWith('grpc.') ? 'debug' : levelOf(code);
    if (!this.#calls.log.isLevelEnabled(level)) return;
    this.#calls.log[level](
      {
        method: this.method,
        peer: this.peer,
        code: codeName(code),
        ms: Math.round((performance.now() - this.#startedAt) * 1000) / 1000,
        ...(error && { error: error.message }),
      },
      'call',
    );
  }
}

/** Faults of the server are errors; whatever the caller can mend or chose is information. */
function levelOf(code: Code): 'info' | 'error' {
  return code === Code.INTERNAL || code === Code.DATA_LOSS ? 'error' : 'info';
}

/** grpc-js tells a deadline as a moment of the wall clock: it becomes time left, here and once. */
function toDeadline(moment: Date | number): Deadline {
  const at = typeof moment === 'number' ? moment : moment.getTime();
  return at === Number.POSITIVE_INFINITY ? Deadline.never : Deadline.after(at - Date.now());
}
