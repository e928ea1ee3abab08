import type { Readable, Writable } from 'node:stream';
import { untilAborted } from './until-aborted.ts';

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

/**
 * Writes what an iteration yields, and takes the next only when the last has left for the network: grpc-js by
 * itself would queue 16 objects, however large. Ends early, and ends the iteration, when the signal aborts.
 */
export async function writeObjects<T>(
  stream: Writable,
  objects: AsyncIterable<T>,
  signal: AbortSignal,
): Promise<void> {
  for await (const object of untilAborted(objects, signal)) await written(stream, object, signal);
}

/**
 * Writes one object. Of a call that was cancelled grpc-js says nothing any more, so the signal is waited for
 * too.
 */
function written(stream: Writable, object: unknown, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', done);
    stream.write(object, done);
  });
}
