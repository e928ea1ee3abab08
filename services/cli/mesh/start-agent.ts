import { setTimeout as pause } from 'node:timers/promises';
import { Channel } from '../../rpc/channel.ts';
import { Code } from '../../rpc/code.ts';
import { Deadline } from '../../rpc/deadline.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { AgentProcess } from '../../verify/index.ts';
import type { Session } from '../session.ts';
import { startChild } from './child.ts';

/** How long an agent may take until it serves, in milliseconds: some are compiled first. */
const START_MS = 60_000;
/** How often an agent is called that does not say when it serves, in milliseconds. */
const CALL_MS = 100;
/** How long an agent may take to end before it is killed, in milliseconds. */
const GRACE_MS = 20_000;

/** An agent that was started to be verified. */
export interface StartedAgent {
  /** Where it serves. */
  readonly address: string;
  readonly process: AgentProcess;
  /** Ends it, where it still runs. */
  stop(): Promise<unknown>;
}

/**
 * Starts an agent's command with TROUPE_CONFORMANCE=1, and waits until it serves: it says so in a line
 * (`{"ready":true,"address":…}`), or answers at `address` where that is given. What it writes goes to
 * standard error. Fails UNAVAILABLE where it ends before that, or does not serve within a minute.
 */
export async function startAgent(
  command: readonly string[],
  { terminal, output, signal }: Pick<Session, 'terminal' | 'output' | 'signal'>,
  address?: string,
): Promise<StartedAgent> {
  const env = {
    TROUPE_LOG_LEVEL: 'warn',
    ...terminal.env,
    TROUPE_LISTEN: address ?? '127.0.0.1:0',
    TROUPE_CONFORMANCE: '1',
  };
  const said = Promise.withResolvers<string>();
  const note = (line: string) => output.note(line);
  const listener = {
    out: note,
    err: note,
    ready: (ready: { address: string }) => said.resolve(ready.address),
  };
  const child = startChild({ command, env, cwd: terminal.cwd }, listener, terminal.kill);
  const stop = () => child.stop(GRACE_MS);
  const over = new AbortController();
  const waiting = AbortSignal.any([signal, over.signal, AbortSignal.timeout(START_MS)]);
  try {
    const serving = await Promise.race([
      said.promise,
      ...(address === undefined ? [] : [answering(address, waiting)]),
      child.exited.then((how) => notServing(command, `it ${how} before that`)),
      aborted(waiting).then(() => notServing(command, `nothing was heard for ${START_MS / 1000} s`)),
    ]);
    return { address: serving, process: { exited: child.exited, terminate: () => void stop() }, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    over.abort();
  }
}

/** Calls until somebody answers. */
async function answering(address: string, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    const channel = new Channel(address);
    const answers = await channel.ready(Deadline.after(START_MS)).then(
      () => true,
      () => false,
    );
    channel.close();
    if (answers) break;
    await pause(CALL_MS, undefined, { ref: false });
  }
  return address;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function notServing(command: readonly string[], why: string): never {
  throw new RpcError(
    Code.UNAVAILABLE,
    `\`${command.join(' ')}\` did not come to serve: ${why}. It has to listen at TROUPE_LISTEN and write ` +
      'a line {"ready":true,"address":"HOST:PORT"}, or to listen where --address says.',
  );
}
