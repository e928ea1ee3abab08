import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** All that a command knows of the process that it runs in, so that tests can stand in for one. */
export interface Terminal {
  readonly stdin: Readable;
  /** Where data goes, and nothing else. */
  readonly stdout: TerminalStream;
  /** Where progress, notes and errors go. */
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that paths are relative to. */
  readonly cwd: string;
  /** The node that runs this. */
  readonly node: string;
  /**
   * Sends a signal to the process with that number; 0 only asks whether it is there. Throws where it is not.
   */
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void;
  /** Aborts at the first Ctrl-C or SIGTERM: what is in flight is to be cancelled. */
  readonly interrupted: AbortSignal;
  /** Aborts at the second: nothing is to be waited for. */
  readonly killed: AbortSignal;
}
