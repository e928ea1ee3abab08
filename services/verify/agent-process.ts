/** The process of an agent, where it is known: what the drain is looked at by. */
export interface AgentProcess {
  /** Asks it to leave: SIGTERM. */
  terminate(): void;
  /** Settles when it has ended, with how where that is known (`exited with code 0`). */
  readonly exited: Promise<string>;
}
