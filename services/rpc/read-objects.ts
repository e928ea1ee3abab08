import type { Readable } from 'node:stream';

/**
 * Reads a stream object by object, and asks for the next only when the last was taken.
 *
 * grpc-js reports a failure while objects that arrived before it still wait in the stream: they are handed
 * out first, then the failure is thrown. An abort ends the reading at once.
 */
export async function* readObjects<T>(stream: Readable, signal: AbortSignal): AsyncGenerator<T, void> {
  let failure: unknown;
  let wake = () => {};
  const changed = () => wake();
  const failed = (error: unknown) => {
    failure = error;
    wake();
  };
  stream.on('readable', changed).on('end', changed).on('close', changed).on('error', failed);
  signal.addEventListener('abort', changed);
  try {
    while (true) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (signal.aborted) throw signal.reason;
      const object: T | null = stream.read();
      if (object !== null) yield object;
      else if (failure !== undefined) throw failure;
      else if (stream.readableEnded || stream.destroyed) return;
      else await woken;
    }
  } finally {
    stream.off('readable', changed).off('end', changed).off('close', changed).off('error', failed);
    signal.removeEventListener('abort', changed);
  }
}
