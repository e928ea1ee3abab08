export { type Reason, reasonOf, troupeError, type Violation } from '../protocol/reason.ts';
export type { JsonObject, JsonValue } from '../protocol/value.ts';
export { Code } from '../rpc/code.ts';
export { RpcError } from '../rpc/rpc-error.ts';
export {
  type AgentDefinition,
  type CapabilityDefinition,
  defineAgent,
} from './definition.ts';
export { run } from './main.ts';
export { type RunningAgent, type ServeOptions, serveAgent } from './running-agent.ts';
export { type AttachmentInit, TaskContext } from './task-context.ts';
