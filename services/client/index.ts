export { reasonOf } from '../protocol/reason.ts';
export { Code } from '../rpc/code.ts';
export { RpcError } from '../rpc/rpc-error.ts';
export type { Entry, EntryChange, SetOptions, SharedState, StateOptions } from './shared-state.ts';
export type { RoutingOptions, TaskEvent, TaskOptions, TaskResult, TaskTarget } from './task.ts';
export {
  type BroadcastFilter,
  type ConnectOptions,
  type ExplainOptions,
  type RunOptions,
  Troupe,
} from './troupe.ts';
