import type { Writable } from 'node:stream';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { ChildCommand, Ready } from './child.ts';
import { type KeepOptions, KeptChild } from './kept-child.ts';
import { LabelledOutput } from './labelled-output.ts';

/** A process of the mesh. */
export interface SupervisedProcess extends ChildCommand {
  /** What its lines are labelled with; each process has a name of its own. */
  readonly name: string;
  /** Agents end first, so that the orchestrator lives to see them leave. */
  readonly role: 'orchestrator' | 'agent';
}

/** How a mesh is supervised. */
export interface SupervisorOptions extends KeepOptions {
  /** The names of all processes that will be started. */
  names: readonly string[];
  /** Where the lines of their standard output go. */
  stdout: Writable;
  /** Where the lines of their standard error go, and how they ended. */
  stderr: Writable;
  /** How a line of theirs is shown. Default: as it is. */
  show?: (line: string, name: string) => string;
  /** How long a process may take to end when it is asked to, in milliseconds; then it is killed. Default: 10,000. */
  graceMs?: number;
}

/** Runs the processes of a mesh on this machine: labels what they write, and starts again those that die. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stdout: LabelledOutput;
  readonly #stderr: LabelledOutput;
  #leaving = false;
  readonly #children: { role: SupervisedProcess['role']; child: KeptChild }[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#stdout = new LabelledOutput(options.stdout, options.names);
    this.#stderr = new LabelledOutput(options.stderr, options.names);
  }

  /** Starts a process and keeps it running; settles when it first says where it serves. CANCELLED after `drain`. */
  start({ name, role, ...command }: SupervisedProcess): Promise<Ready> {
    if (this.#leaving) {
      return Promise.reject(
        new RpcError(Code.CANCELLED, `"${name}" is not started: the mesh is being stopped.`),
      );
    }
    const { show = (line) => line } = this.#options;
    const listener = {
      out: (line: string) => this.#stdout.write(name, show(line, name)),
      err: (line: string) => this.#stderr.write(name, show(line, name)),
    };
    const child = new KeptChild(command, listener, this.#options);
    this.#children.push({ role, child });
    return child.ready;
  }

  /** Ends all agents, then the orchestrator, each with its grace; settles when all have ended. */
  async drain(): Promise<void> {
    this.#leaving = true;
    await this.#stop('agent', this.#options.graceMs ?? 10_000);
    await this.#stop('orchestrator', this.#options.graceMs ?? 10_000);
  }

  /** Ends everything at once, without grace; also while it drains. */
  async kill(): Promise<void> {
    this.#leaving = true;
    await Promise.all([this.#stop('agent', 0), this.#stop('orchestrator', 0)]);
  }

  async #stop(role: SupervisedProcess['role'], graceMs: number): Promise<void> {
    const children = this.#children.filter((child) => child.role === role);
    await Promise.all(children.map(({ child }) => child.stop(graceMs)));
  }
}
