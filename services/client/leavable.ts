import { Code } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/**
 * A stream that its reader can leave while it waits. The `return` of an async generator waits until its `next` has
 * ended, however long that takes: this one first aborts the signal that `generate` is given, which aborts with `signal`
 * too. A `next` that waited then is the end.
 */
export function leavable<T>(
  signal: AbortSignal | undefined,
  generate: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const left = new AbortController();
  const generator = generate(signal ? AbortSignal.any([signal, left.signal]) : left.signal);
  const leave = () => left.abort(new RpcError(Code.CANCELLED, 'The reader of the stream left.'));
  return {
    async next() {
      try {
        return await generator.next();
      } catch (error) {
        if (left.signal.aborted) return { done: true, value: undefined };
        throw error;
      }
    },
    return() {
      leave();
      return generator.return();
    },
    throw(error) {
      leave();
      return generator.throw(error);
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
