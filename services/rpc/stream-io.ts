import type { Readable, Writable } from 'node:stream';

/**
 * Reads a stream object by object, and asks for the next only when the last was taken.
 *
 * grpc-js reports a failure while objects that arrived before it still wait in the stream: they are handed out first,
 * then the failure is thrown. An abort ends the reading at once.
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

/**
 * Writes what an iteration yields, and takes the next only when the stream has room for it. Ends early, and ends the
 * iteration, when the signal aborts or the stream closes.
 */
export async function writeObjects<T>(
  stream: Writable,
  objects: AsyncIterable<T>,
  signal: AbortSignal,
): Promise<void> {
  for await (const object of objects) {
    if (signal.aborted || stream.destroyed) return;
    if (!stream.write(object)) await roomIn(stream, signal);
  }
}

/** Waits for `'drain'`. After a cancel it never comes, so the end of the stream and the signal are waited for too. */
function roomIn(stream: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done).off('error', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.on('drain', done).on('close', done).on('error', done);
    signal.addEventListener('abort', done);
    if (signal.aborted || stream.destroyed) done();
  });
}
