import type { Deadline } from './deadline.ts';
import type { StopSignal } from './stop-signal.ts';

/** What ends a pause. */
export interface PauseEnds {
  /** When the time has come. */
  onTime: () => void;
  /** When the signal aborts first. */
  onAbort: () => void;
}

/**
 * Waits until a moment, or until a signal aborts, whichever is first; the function that it answers ends the wait. Nothing
 * is called before it has answered, not even where the signal has aborted already.
 */
export function pause(until: Deadline, signal: StopSignal, { onTime, onAbort }: PauseEnds): () => void {
  let isOver = false;
  const end = (then?: () => void) => {
    if (isOver) return;
    isOver = true;
    alarm.cancel();
    signal.removeEventListener('abort', aborted);
    then?.();
  };
  const aborted = () => end(onAbort);
  const alarm = until.onExpired(() => end(onTime));
  // It tells only those who listened before.
  if (signal.aborted) queueMicrotask(aborted);
  else signal.addEventListener('abort', aborted, { once: true });
  return end;
}
