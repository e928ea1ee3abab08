import { troupeError } from '../../protocol/reason.ts';
import type { CallContext } from '../../rpc/call-context.ts';

/**
 * Follows a watch until its caller ends it. Since it has no end of its own, the draining orchestrator ends it
 * UNAVAILABLE / DRAINING.
 */
export async function* watchUntilDrained<T>(
  { signal, draining }: Pick<CallContext, 'signal' | 'draining'>,
  watch: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T, void> {
  try {
    yield* watch(AbortSignal.any([signal, draining]));
  } catch (error) {
    if (signal.aborted || !draining.aborted) throw error;
    throw troupeError('DRAINING', 'The orchestrator is stopping. Watch again once it is back.');
  }
}
