import type { AgentMessage } from '../../gen/troupe/v1/agent_message_pb.js';
import type { JsonObject, JsonValue } from '../protocol/value.ts';
import type { TaskContext } from './task-context.ts';

/** Something that an agent can do. */
export interface CapabilityDefinition {
  /** What it does, for people and models. */
  description?: string;
  /** JSON Schema (2020-12) that the payload has to meet before `handle` sees it. Default: anything goes. */
  input?: JsonObject;
  /** JSON Schema (2020-12) of what `handle` answers, for readers: no answer is held against it. */
  output?: JsonObject;
  /** Whether doing the same task twice is harmless. Default: false. */
  idempotent?: boolean;
  /**
   * How long a task may live whose caller does not say, in milliseconds: over 0. Default: 30,000; at most 3,600,000.
   */
  defaultTtlMs?: number;
  /** Free words to find it by. */
  tags?: readonly string[];
  /**
   * Does the work: takes the payload, and answers the RESULT's. What it throws becomes the task's ERROR: an
   * RpcError (`troupeError`) as it is, anything else HANDLER_FAILED. It may run several times at once.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it; only the author knows its type.
  handle(input: any, task: TaskContext): Promise<JsonValue> | JsonValue;
}

/** An agent as its author describes it. */
export interface AgentDefinition {
  /** The agent's id: 1 to 128 characters of `a-z A-Z 0-9 . _ -`, the same for all of its instances. */
  id: string;
  /** A name for people. Default: the id. */
  name?: string;
  /** The version of its software, for people. */
  version?: string;
  /** What it does, in a sentence or two. */
  description?: string;
  /** What it can do, by name (`text.summarize`). */
  capabilities: Readonly<Record<string, CapabilityDefinition>>;
  /**
   * How many tasks an instance works on at once; more wait for their turn. Default: 0, no limit; a whole number up to
   * 2,147,483,647.
   */
  maxConcurrency?: number;
  /**
   * How many tasks may wait where there is such a limit, callers by turns; more are refused OVERLOADED, as are those
   * that could not end in time. Default: 1,000; 0 refuses every task over the limit at once; a whole number up to
   * 2,147,483,647.
   */
  maxWaiting?: number;
  /** Labels to select instances by. */
  labels?: Readonly<Record<string, string>>;
  /**
   * Takes a broadcast: answers a payload as its reply, or nothing to acknowledge it. Default: acknowledges.
   */
  onBroadcast?(
    payload: JsonValue,
    message: AgentMessage,
  ): Promise<JsonValue | undefined> | JsonValue | undefined;
}

/** Describes an agent. It does nothing but hold the description against its type; `serveAgent` looks at its values. */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  return definition;
}
