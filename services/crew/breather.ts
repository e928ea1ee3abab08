import { setImmediate } from 'node:timers/promises';

/** How long work may hold the event loop before it lets others have a turn, in ms. */
const TURN_MS = 15;

/**
 * Makes long work polite. Awaited between its pieces, the returned function gives the event loop a turn whenever 15
 * ms have passed since the last, so that heartbeats are answered, and throws the signal's reason once the task is
 * cancelled or out of time.
 */
export function breather(signal: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await setImmediate();
    signal.throwIfAborted();
    since = performance.now();
  };
}
