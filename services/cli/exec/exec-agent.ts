import type { AgentDefinition, CapabilityDefinition, TaskContext } from '../../agent/index.ts';
import type { JsonValue } from '../../protocol/value.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { Terminal } from '../terminal.ts';
import { runProgram } from './run-program.ts';
import { taskVariables } from './task-variables.ts';

/** A program as an agent. */
export interface ExecAgentOptions extends Omit<CapabilityDefinition, 'handle'> {
  /** The command line, as a shell reads it. It is run anew for each task. */
  command: string;
  /** The agent's id. */
  name: string;
  /** The one thing that it can do. */
  capability: string;
  /** How many tasks it works on at once, each a process; 0: no limit. */
  maxConcurrency: number;
  /** Labels to select instances by. */
  labels?: Readonly<Record<string, string>>;
  /** The folder that the program runs in. */
  cwd: string;
  /** The environment that it runs in. */
  env: Readonly<Record<string, string | undefined>>;
  /** Sends a signal to a process, or by a negative number to a group of them. */
  kill: Terminal['kill'];
}

/** An agent whose tasks a program does. */
export interface ExecAgent {
  /** What is served. */
  readonly definition: AgentDefinition;
  /** Ends every program that still runs, and settles when all have ended. */
  stop(): Promise<void>;
}

/**
 * Makes a member of any program that reads JSON from standard input and writes JSON to standard output. A
 * line of its standard error is PROGRESS; an exit code other than 0 is an ERROR. Its environment tells it of the task:
 * see `taskVariables`.
 */
export function execAgent(options: ExecAgentOptions): ExecAgent {
  const { command, name, capability, maxConcurrency, labels, cwd, env, kill, ...described } = options;
  const leaving = new AbortController();
  const running = new Set<Promise<JsonValue>>();

  async function handle(input: JsonValue, task: TaskContext): Promise<JsonValue> {
    const about = taskVariables(task);
    const signal = AbortSignal.any([task.signal, leaving.signal]);
    const onLine = (line: JsonValue) => tell(task, line);
    const run = runProgram({ command, input, cwd, env: { ...env, ...about }, kill, signal, onLine });
    running.add(run);
    try {
      return await run;
    } finally {
      running.delete(run);
    }
  }

  return {
    definition: {
      id: name,
      ...(described.description !== undefined && { description: described.description }),
      ...(labels && { labels }),
      maxConcurrency,
      capabilities: { [capability]: { ...described, handle } },
    },
    async stop() {
      leaving.abort(new RpcError(Code.CANCELLED, 'The agent is leaving.'));
      await Promise.allSettled(running);
    },
  };
}

/** Some JSON is none of the contract's, being nested too deep; as text it is all the same news. */
function tell(task: TaskContext, line: JsonValue): void {
  try {
    task.progress(line);
  } catch {
    task.progress(JSON.stringify(line));
  }
}
