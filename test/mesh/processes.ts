import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');

/** How long a process gets to leave well before it is killed, in milliseconds. */
const GRACE_MS = 5000;

/** A process of the mesh, started by a test. */
export interface MeshProcess {
  /** Where it serves, as its ready line says. */
  readonly address: string;
  /** Waits for the first line of its output that meets the pattern, from its start on; or for the `nth`. */
  line(pattern: RegExp, nth?: number): Promise<string>;
  /** The lines of its output so far that meet the pattern. */
  said(pattern: RegExp): string[];
  /** Sends it a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Tells it to leave, and settles when it has ended. */
  leave(): Promise<void>;
  /** Kills it at once, and settles when it has ended. */
  kill(): Promise<void>;
}

/** Starts processes as an operator does, and stops them all. */
export class Processes {
  readonly #started: ChildProcess[] = [];

  /** The orchestrator. */
  orchestrator(env: NodeJS.ProcessEnv = {}): Promise<MeshProcess> {
    return this.start('services/orchestrator/main.ts', env);
  }

  /**
   * An agent that announces itself to the orchestrator: a specialist of the crew, or a file of a test's own.
   */
  agent(file: string, orchestrator: MeshProcess, env: NodeJS.ProcessEnv = {}): Promise<MeshProcess> {
    return this.start(file, { TROUPE_ORCHESTRATORS: orchestrator.address, ...env });
  }

  /** Runs a file of the repository with Node, and waits until it says that it is ready. */
  async start(file: string, env: NodeJS.ProcessEnv): Promise<MeshProcess> {
    const child = spawn(process.execPath, [resolve(ROOT, file)], {
      env: { PATH: process.env.PATH, TROUPE_LISTEN: '127.0.0.1:0', TROUPE_LOG_LEVEL: 'error', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    const lines: string[] = [];
    const waiting = new Set<() => void>();
    const hear = (line: string) => {
      lines.push(line);
      for (const wake of waiting) wake();
    };
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', hear);
    const ended = once(child, 'exit');

    const line = (pattern: RegExp, nth = 1) =>
      new Promise<string>((found, failed) => {
        const look = () => {
          const match = lines.filter((text) => pattern.test(text))[nth - 1];
          if (match === undefined) return;
          waiting.delete(look);
          found(match);
        };
        waiting.add(look);
        look();
        void ended.then(() => failed(new Error(`${file} ended without ${pattern}:\n${lines.join('\n')}`)));
      });
    const { address } = JSON.parse(await line(/^\{"ready":true/));
    return {
      address,
      line,
      said: (pattern) => lines.filter((text) => pattern.test(text)),
      signal: (signal) => void child.kill(signal),
      async leave() {
        child.kill('SIGTERM');
        await ended;
      },
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }

  /** Stops what still runs: well where it can, and by force where it does not. */
  async stop(): Promise<void> {
    await Promise.all(this.#started.splice(0).map(stop));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(force);
}
