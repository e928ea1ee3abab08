import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { MAX_MESSAGE_BYTES } from '../../protocol/message.ts';
import { troupeError } from '../../protocol/reason.ts';
import type { JsonValue } from '../../protocol/value.ts';
import type { RpcError } from '../../rpc/rpc-error.ts';
import { shortText } from '../../rpc/short-text.ts';
import { describeJsonError } from '../input/json-error.ts';
import { lines } from '../mesh/lines.ts';
import { groupOf } from '../process-group.ts';
import type { Terminal } from '../terminal.ts';

/** A program to be run once. */
export interface ProgramRun {
  /** The command line, as a shell reads it. */
  command: string;
  /** What it is given on standard input, as JSON. */
  input: JsonValue;
  /** The folder that it runs in. */
  cwd: string;
  /** The whole of its environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Sends a signal to a process, or by a negative number to a group of them. */
  kill: Terminal['kill'];
  /** Ends it, and all that it has started: SIGTERM, and SIGKILL after `graceMs`. */
  signal: AbortSignal;
  /** Hears each line of its standard error: the JSON that it is, else the text. */
  onLine(line: JsonValue): void;
  /** How long it gets to end when it is told to, in milliseconds. Default: 2,000. */
  graceMs?: number;
}

/**
 * After how long its output is heard no more once it has ended, in milliseconds: what it started may hold
 * it open.
 */
const QUIET_MS = 500;

/** How much of a command is shown in an error, in bytes. */
const SHOWN_BYTES = 120;

/** What the system says that has no room for another program: no descriptors, no processes, no memory. */
const NO_ROOM = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/**
 * Runs a program to its end and answers the JSON that it wrote to standard output. Fails HANDLER_FAILED
 * where it cannot be started, exits with a code other than 0, is ended by a signal, or writes no JSON;
 * OVERLOADED where the system has no room for another program; MESSAGE_TOO_LARGE where it writes more than a
 * message holds; with the signal's reason where that ended it.
 */
export async function runProgram(run: ProgramRun): Promise<JsonValue> {
  const { command, input, signal, graceMs = 2000 } = run;
  signal.throwIfAborted();
  const child = await begin(run);
  const killAll = groupOf(child, run.kill);
  const stop = () => killAll('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // A program may well end without reading what it is given.
  child.stdin.on('error', () => {}).end(JSON.stringify(input));
  const written: Buffer[] = [];
  const said = { last: '' };
  const heard = Promise.all([keep(child.stdout, written), hear(child.stderr, said, run.onLine)]);
  heard.catch(() => killAll('SIGKILL'));
  try {
    const [code, by] = await exitOf(child, signal, () => setTimeout(killAll, graceMs, 'SIGKILL'));
    // The shell may be gone while what it started still cleans up.
    await Promise.race([heard, pause(signal.aborted ? graceMs : QUIET_MS, undefined, { ref: false })]);
    signal.throwIfAborted();
    if (code !== 0) throw failed(command, by ? `was ended by ${by}` : `exited with code ${code}`, said.last);
    return parse(command, Buffer.concat(written).toString('utf8'));
  } finally {
    signal.removeEventListener('abort', stop);
    killAll('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Starts it. A child that the system has no descriptors for has no streams, and says why only by its `error`. */
async function begin({ command, cwd, env }: ProgramRun): Promise<ChildProcessWithoutNullStreams> {
  let child: ChildProcess | undefined;
  try {
    // In a group of its own: whatever the shell starts ends with it.
    child = spawn(command, { cwd, env, shell: true, detached: true });
    await once(child, 'spawn');
    return child as ChildProcessWithoutNullStreams;
  } catch (error) {
    child?.stdout?.destroy();
    child?.stderr?.destroy();
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!NO_ROOM.has(code)) throw failed(command, 'could not be run', message);
    const text = `The system has no room for another program (${message}): come back later, or lower --max-concurrency.`;
    throw troupeError('OVERLOADED', text);
  }
}

/** Waits for its exit, with a timer from when the signal aborts. */
async function exitOf(
  child: ChildProcess,
  signal: AbortSignal,
  setTimer: () => NodeJS.Timeout,
): Promise<[number | null, NodeJS.Signals | null]> {
  const exit = once(child, 'exit');
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimer();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return (await exit) as [number | null, NodeJS.Signals | null];
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Keeps what is written, as far as a message can hold it. */
async function keep(stream: Readable, written: Buffer[]): Promise<void> {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_MESSAGE_BYTES) {
      const text = `The program writes more than the ${MAX_MESSAGE_BYTES} bytes that a message holds. Have it answer less.`;
      throw troupeError('MESSAGE_TOO_LARGE', text);
    }
    written.push(chunk);
  }
}

/** Hands on every line, and keeps the last that says something. */
async function hear(stream: Readable, said: { last: string }, onLine: ProgramRun['onLine']): Promise<void> {
  for await (const line of lines(stream)) {
    if (line.trim() === '') continue;
    said.last = line;
    onLine(jsonOrText(line));
  }
}

function jsonOrText(line: string): JsonValue {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function parse(command: string, text: string): JsonValue {
  if (text.trim() === '') throw failed(command, 'wrote nothing', 'its standard output has to be JSON');
  try {
    return JSON.parse(text);
  } catch (error) {
    const { what, line, column, excerpt } = describeJsonError(text, error as SyntaxError);
    throw failed(command, 'wrote what is no JSON', `${what} at line ${line}, column ${column}:\n${excerpt}`);
  }
}

function failed(command: string, how: string, why: string): RpcError {
  const text = `"${shortText(command, SHOWN_BYTES)}" ${how}${why === '' ? '.' : `: ${why}`}`;
  return troupeError('HANDLER_FAILED', text);
}
