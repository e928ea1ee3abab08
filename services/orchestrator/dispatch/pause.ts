import type { Deadline } from '../../rpc/deadline.ts';
import type { StopSignal } from '../../rpc/stop-signal.ts';

/**
 * How long a task that may be tried again waits for a lost instance to come back, where there is no other, in
 * milliseconds. Ours: one whose connection alone broke is dialled again after 0.05 to 0.1 s.
 */
export const RETURN_MS = 1_000;

/** How often it looks whether one has, in milliseconds. */
export const RETURN_LOOK_MS = 50;

/** What ends a pause. */
export interface PauseEnds {
  /** When the time has come. */
  onTime: () => void;
  /** When the signal aborts first. */
  onAbort: () => void;
}

/** Waits until a moment, or until a signal aborts, whichever is first; the function that it answers ends the wait. */
export function pause(until: Deadline, signal: StopSignal, { onTime, onAbort }: PauseEnds): () => void {
  const end = (then?: () => void) => {
    alarm.cancel();
    signal.removeEventListener('abort', aborted);
    then?.();
  };
  const aborted = () => end(onAbort);
  const alarm = until.onExpired(() => end(onTime));
  signal.addEventListener('abort', aborted, { once: true });
  return end;
}
