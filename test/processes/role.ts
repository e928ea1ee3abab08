/** What a process of a stage does: what it tells when it is ready, and what it can be asked for. */
export interface Role {
  /** Told once it is ready: where it listens, say. Default: nothing. */
  ready?: Readonly<Record<string, unknown>>;
  /** What can be asked of it, by name. Arguments and answers travel as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: each command knows its own arguments.
  commands?: Readonly<Record<string, (args: any) => unknown>>;
  /** What it has used so far. Default: what its own process has. */
  usage?: () => Usage;
  /** Ends what would outlive the process. It cannot wait for anything. */
  close?: () => void;
}

/** Begins a role: what a module that is run as a process of a stage exports as `start`. */
// biome-ignore lint/suspicious/noExplicitAny: each role knows its own options.
export type StartRole = (options: any) => Promise<Role> | Role;

/** What a process has used since it started. */
export interface Usage {
  /** Time of a processor, user and system, in microseconds. */
  cpuUs: number;
  /** Memory that is resident now, in bytes. */
  rssBytes: number;
}

/** What a process hears from who started it. */
export interface Question {
  id: number;
  command: string;
  args: unknown;
}

/** What a process says to who started it. */
export type Answer =
  | { ready: Readonly<Record<string, unknown>> }
  | { id: number; result: unknown }
  | { id: number; error: string };
