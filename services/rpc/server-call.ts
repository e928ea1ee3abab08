import type { DescMethod } from '@bufbuild/protobuf';
import type { CallContext } from './call-context.ts';
import { Code, codeName } from './code.ts';
import { methodPath } from './codec.ts';
import type { Deadline } from './deadline.ts';
import type { Logger } from './log.ts';
import type { OpenCalls } from './open-calls.ts';
import { RpcError } from './rpc-error.ts';
import { shortText } from './short-text.ts';
import { MAX_STATUS_TEXT } from './status-details.ts';

/**
 * A caller whose time is up resets the stream, and that may get here just before our own clock strikes: a
 * cancel so close to the deadline, in milliseconds, is the deadline's.
 */
const DEADLINE_SLACK_MS = 10;

/** One call on its way through a server: its context, from the request's arrival to the line in the log. */
export abstract class ServerCall implements CallContext {
  abstract readonly peer: string;
  abstract readonly headers: Headers;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
  readonly draining: AbortSignal;
  readonly #calls: OpenCalls;
  /** By which the open calls know it. */
  readonly #number: number;
  readonly #controller = new AbortController();
  readonly #startedAt = performance.now();
  #ended = false;
  #log: Logger | undefined;

  constructor(method: DescMethod, deadline: Deadline, calls: OpenCalls) {
    this.method = methodPath(method).slice(1);
    this.signal = this.#controller.signal;
    this.deadline = deadline;
    this.draining = calls.draining;
    this.#calls = calls;
    this.#number = calls.add(this);
  }

  get log(): Logger {
    this.#log ??= this.#calls.log.child({ method: this.method, peer: this.peer });
    return this.#log;
  }

  /**
   * Ends the call from our side: its handler is told through the signal. Without effect on a call that has
   * ended.
   */
  abort(reason: RpcError): void {
    if (!this.#ended) this.#controller.abort(reason);
  }

  /** Notes that the caller went away, cancelled or ran out of time. */
  cancel(): void {
    const reason =
      this.deadline.remainingMs <= DEADLINE_SLACK_MS
        ? new RpcError(Code.DEADLINE_EXCEEDED, 'The deadline passed before the call was answered.')
        : new RpcError(Code.CANCELLED, 'The caller cancelled the call or went away.');
    this.abort(reason);
  }

  /**
   * Notes that the call was answered, and writes its line. An error that repeats the abort is logged as that.
   */
  end(error?: RpcError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#calls.delete(this.#number);
    this.#writeLine(error);
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
        ...(error && { error: shortText(error.message, MAX_STATUS_TEXT) }),
      },
      'call',
    );
  }
}

/** Faults of the server are errors; whatever the caller can mend or chose is information. */
function levelOf(code: Code): 'info' | 'error' {
  return code === Code.INTERNAL || code === Code.DATA_LOSS ? 'error' : 'info';
}
