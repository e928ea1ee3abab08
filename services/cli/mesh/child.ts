import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { groupOf } from '../process-group.ts';
import type { Terminal } from '../terminal.ts';
import { lines } from './lines.ts';

/** What is run. */
export interface ChildCommand {
  /** The program, looked up in the PATH of `env`, and its arguments. */
  readonly command: readonly string[];
  /** The whole of its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that it runs in. */
  readonly cwd: string;
}

/** What a child says when it serves: one line of JSON on its standard output, `{"ready":true,"address":"…"}`. */
export interface Ready {
  /** Where it serves, `host:port`. */
  readonly address: string;
  /** What else the line holds. */
  readonly [field: string]: unknown;
}

/** Who hears what a child does. */
export interface ChildListener {
  /** A line of its standard output, the one that says that it is ready left out. The next waits until this settles. */
  out(line: string): Promise<void>;
  /** A line of its standard error. */
  err(line: string): Promise<void>;
  /** It serves. */
  ready(ready: Ready): void;
}

/** A process that was started. */
export interface Child {
  /**
   * Settles when it has ended and its last lines were heard, with how it ended: `exited with code 1`. Never rejects.
   */
  readonly exited: Promise<string>;
  /**
   * Asks it, and what it has started, to end (SIGTERM), ends them after `graceMs` (SIGKILL), and settles when they have
   * ended: a wrapper such as npx ends before what it wraps.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * After how long without a line a process that has ended is heard no more: its own children may hold its output open.
 */
const QUIET_MS = 500;

/** How often it is looked whether what a process has started is still there, in milliseconds. */
const LOOK_MS = 20;

/**
 * Starts a process in a group of its own: a Ctrl-C in the terminal reaches its parent alone, which then ends its
 * children in their order. `kill` signals processes, as Node's `process.kill`.
 */
export function startChild(
  { command, env, cwd }: ChildCommand,
  listener: ChildListener,
  kill: Terminal['kill'],
): Child {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });

  let heard = 0;
  async function hear(stream: Readable, take: (line: string) => Promise<void> | void): Promise<void> {
    try {
      for await (const line of lines(stream)) {
        heard += 1;
        await take(line);
      }
    } catch {
      // The stream was destroyed: whoever held it open after the end of the process is not heard any more.
    }
  }
  const all = Promise.all([
    hear(child.stdout, (line) => {
      const ready = toReady(line);
      return ready ? listener.ready(ready) : listener.out(line);
    }),
    hear(child.stderr, (line) => listener.err(line)),
  ]);

  /** Settles when all was heard, or nothing was for a while. */
  async function lastLines(): Promise<void> {
    const before = heard;
    const quiet = pause(QUIET_MS, undefined, { ref: false }).then(() => heard === before);
    const done = await Promise.race([all.then(() => true), quiet]);
    if (!done) await lastLines();
  }

  async function end(): Promise<string> {
    try {
      const [code, signal] = await once(child, 'exit');
      await lastLines();
      return signal ? `was ended by ${signal}` : `exited with code ${code}`;
    } catch (error) {
      return `could not be started: ${(error as Error).message}`;
    } finally {
      child.stdout.destroy();
      child.stderr.destroy();
    }
  }
  const exited = end();

  return {
    exited,
    async stop(graceMs) {
      const group = groupOf(child, kill);
      group('SIGTERM');
      const timer = setTimeout(() => group('SIGKILL'), graceMs);
      await exited;
      while (group(0)) await pause(LOOK_MS);
      clearTimeout(timer);
    },
  };
}

function toReady(line: string): Ready | undefined {
  if (!line.startsWith('{"ready":true')) return undefined;
  try {
    const ready = JSON.parse(line);
    return typeof ready.address === 'string' ? ready : undefined;
  } catch {
    return undefined;
  }
}
