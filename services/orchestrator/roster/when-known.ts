import type { StopSignal } from '../../rpc/stop-signal.ts';
import type { Roster } from './roster.ts';

/** Who is asked for: an agent, a capability, or where both are set that agent with that capability. */
export interface Target {
  /** The agent's id. Empty: any. */
  agentId?: string;
  /** The capability's name. Empty: any. */
  capability?: string;
}

/** How long to wait. */
export interface WhenKnownOptions {
  /** Ends the wait by throwing its reason. */
  signal: StopSignal;
  /** How long at most, in milliseconds. */
  timeoutMs: number;
}

/** Whether the roster knows the target, be it that none of its instances is live. */
export function isKnown<C>(roster: Roster<C>, { agentId, capability }: Target): boolean {
  if (!agentId) return !capability || roster.capability(capability) !== undefined;
  const agent = roster.agent(agentId);
  return agent !== undefined && (!capability || agent.capabilities.get(capability) !== undefined);
}

/** Waits until the roster knows the target, and answers true; false if it still does not when time is up. */
export async function whenKnown<C>(
  roster: Roster<C>,
  target: Target,
  options: WhenKnownOptions,
): Promise<boolean> {
  const { signal, timeoutMs } = options;
  signal.throwIfAborted();
  if (isKnown(roster, target)) return true;

  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, timeoutMs, false);
  const unsubscribe = roster.subscribe(() => {
    if (isKnown(roster, target)) resolve(true);
  });
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    unsubscribe();
    signal.removeEventListener('abort', abort);
  }
}
