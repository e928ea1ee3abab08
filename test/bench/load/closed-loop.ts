import { quantile } from '../../report/statistics.ts';
import { checkAnswer, type Payload, payloadsOf } from './payload.ts';

/** What a client is put under. */
export interface Load {
  /** How many calls are in flight at any time. */
  inFlight: number;
  /** How large the JSON of a payload is, each way, in bytes. */
  payloadBytes: number;
}

/** What a client did under a load. */
export interface LoadResult {
  /** Calls that ended within the time, per second. */
  callsPerSecond: number;
  /** How long half of them took at most, in milliseconds. */
  p50Ms: number;
  /** How long 99 of 100 took at most, in milliseconds. */
  p99Ms: number;
  /** All calls, those too that ended after the time: what processor time is divided by. */
  calls: number;
}

/** Asks the agent once. */
export type Call = (payload: Payload) => Promise<Payload>;

/**
 * Keeps `inFlight` calls going: each that ends is followed by the next. The `durationMs` that count begin when as
 * many have ended as are in flight, since the first ones all come at once. A call that fails, or is answered wrongly,
 * fails the whole.
 */
export async function closedLoop(
  call: Call,
  { inFlight, payloadBytes, durationMs }: Load & { durationMs: number },
): Promise<LoadResult> {
  const nextPayload = payloadsOf(payloadBytes);
  const latencies: number[] = [];
  let calls = 0;
  let begin = 0;
  let end = Number.POSITIVE_INFINITY;
  let lastEnd = 0;
  const keepCalling = async () => {
    let now = performance.now();
    while (now < end) {
      const begun = now;
      const payload = nextPayload();
      checkAnswer(payload, await call(payload));
      now = performance.now();
      calls++;
      if (calls === inFlight) {
        begin = now;
        end = now + durationMs;
      } else if (calls > inFlight && now < end) {
        latencies.push(now - begun);
        lastEnd = now;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, keepCalling));
  return {
    // Answers come in batches: to count up to the last one is not to count a part of one.
    callsPerSecond: (latencies.length * 1000) / (lastEnd - begin),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    calls,
  };
}
