import { PassThrough, Readable } from 'node:stream';
import { troupe } from '../../services/cli/program.ts';
import { Recorder } from './recorder.ts';

/** What a command is given beside its arguments. */
export interface Given {
  /** What standard input holds; null where nothing comes, and no end. */
  stdin?: string | null;
  /** Whether standard output and standard error are terminals. */
  tty?: boolean;
  env?: Record<string, string>;
  cwd?: string;
}

/** A command that runs in this process. */
export interface Running {
  readonly stdout: Recorder;
  readonly stderr: Recorder;
  /** Settles with its exit code. */
  readonly ended: Promise<number>;
  /** What a Ctrl-C does. */
  interrupt(): void;
  /** What a second one does. */
  kill(): void;
}

/** Starts `troupe` in this process, with streams that are recorded. */
export function start(
  args: readonly string[],
  { stdin = '', tty = false, env = {}, cwd = '/' }: Given = {},
): Running {
  const stdout = Object.assign(new Recorder(), { isTTY: tty });
  const stderr = Object.assign(new Recorder(), { isTTY: tty });
  const interrupted = new AbortController();
  const killed = new AbortController();
  const ended = troupe(args, {
    stdin: stdin === null ? new PassThrough() : Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    env: { PATH: process.env.PATH, ...env },
    cwd,
    node: process.execPath,
    kill: (pid, signal) => void process.kill(pid, signal),
    interrupted: interrupted.signal,
    killed: killed.signal,
  });
  return { stdout, stderr, ended, interrupt: () => interrupted.abort(), kill: () => killed.abort() };
}

/** Runs `troupe` to its end. */
export async function run(args: readonly string[], given?: Given) {
  const { stdout, stderr, ended } = start(args, given);
  const code = await ended;
  return { code, stdout: stdout.text, stderr: stderr.text };
}
