import type { Peer } from '../client/peer.ts';
import { Troupe } from '../client/troupe.ts';
import type { CallOptions } from '../rpc/call-options.ts';
import { Deadline } from '../rpc/deadline.ts';
import type { Output } from './print/output.ts';
import type { Terminal } from './terminal.ts';

/** Where an orchestrator is unless one says otherwise. */
export const DEFAULT_ORCHESTRATOR = '127.0.0.1:50051';

/** What the options that every command takes say. */
export interface SessionOptions {
  /** Where the orchestrator is, `host:port`. */
  orchestrator: string;
  /**
   * How long the whole may take, in milliseconds. Default: what the mesh allows a task, 30 s for a question, no end
   * for a watch.
   */
  timeout?: number;
}

/** What a command works with: a caller of the mesh, where to write, and what bounds its calls. */
export class Session {
  readonly troupe: Troupe;
  readonly output: Output;
  readonly terminal: Terminal;
  /** Where the orchestrator is. */
  readonly orchestrator: string;
  /** Aborts at Ctrl-C, and when nobody reads the data any more. */
  readonly signal: AbortSignal;
  readonly #timeoutMs: number | undefined;
  readonly #deadline: Deadline | undefined;

  constructor({ orchestrator, timeout }: SessionOptions, output: Output, terminal: Terminal) {
    this.orchestrator = orchestrator;
    this.troupe = new Troupe(orchestrator, { id: 'cli', reachMs: 0 });
    this.output = output;
    this.terminal = terminal;
    this.signal = AbortSignal.any([terminal.interrupted, output.stdout.closed]);
    this.#timeoutMs = timeout;
    this.#deadline = timeout === undefined ? undefined : Deadline.after(timeout);
  }

  /** What bounds a task. */
  get taskBounds(): { signal: AbortSignal; timeoutMs?: number } {
    return { signal: this.signal, ...(this.#timeoutMs !== undefined && { timeoutMs: this.#timeoutMs }) };
  }

  /** The orchestrator's services, once it is reached, and what bounds a call. UNAVAILABLE where nobody answers. */
  async reach(): Promise<[Peer, CallOptions]> {
    const peer = await this.troupe.reach(this.#deadline);
    return [peer, { signal: this.signal, ...(this.#deadline && { deadline: this.#deadline }) }];
  }
}
