/** After how long it is told who is waited for, in milliseconds. */
const SLOW_MS = 5000;

/**
 * Waits until all of them are ready, by name, and tells once who is not after five seconds. Fails as the first of them does.
 */
export async function whenReady(
  starting: ReadonlyMap<string, Promise<unknown>>,
  tell: (line: string) => Promise<void>,
): Promise<void> {
  const waiting = new Set(starting.keys());
  const slow = setTimeout(() => {
    void tell(
      `Waiting for ${[...waiting].join(', ')}: not ready before a line of standard output says so, ` +
        '{"ready":true,"address":"HOST:PORT"}.',
    );
  }, SLOW_MS);
  try {
    await Promise.all([...starting].map(([name, ready]) => ready.then(() => waiting.delete(name))));
  } finally {
    clearTimeout(slow);
  }
}
