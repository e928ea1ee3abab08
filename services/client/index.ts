export type { Entry, EntryChange, SetOptions, SharedState, StateOptions } from './shared-state.ts';
export type { TaskEvent, TaskOptions, TaskResult } from './task.ts';
export { type BroadcastFilter, type ConnectOptions, type RunOptions, Troupe } from './troupe.ts';
