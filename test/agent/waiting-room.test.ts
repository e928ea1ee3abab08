import { expect, it } from 'vitest';
import { RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { WaitingRoom } from '../../services/agent/waiting-room.ts';
import { durationToMs } from '../../services/protocol/ttl.ts';
import { Deadline } from '../../services/rpc/deadline.ts';
import type { RpcError } from '../../services/rpc/rpc-error.ts';
import { Stop } from '../../services/rpc/stop-signal.ts';

/** A room for one task, of which one is worked on, after the last has taken so long; what it tells who is refused. */
function refusal(serviceMs: number | undefined, random: number): number {
  const room = new WaitingRoom<string>({
    limit: 1,
    maxWaiting: 0,
    about: { agent: 'tested' },
    start: () => {},
    refuse: () => {},
    random: () => random,
  });
  room.enter();
  room.ended(serviceMs);
  room.enter();
  try {
    room.wait('late', 'test', { signal: new Stop(), deadline: Deadline.never });
  } catch (error) {
    return durationToMs((error as RpcError).detail(RetryInfoSchema)!.retryDelay!);
  }
  return expect.fail('It waits.');
}

it.each([
  { serviceMs: 500, random: 0, afterMs: 500 },
  { serviceMs: 500, random: 0.5, afterMs: 550 },
  { serviceMs: 500, random: 0.9999, afterMs: 600 },
  { serviceMs: 0.01, random: 0, afterMs: 1 },
  { serviceMs: undefined, random: 0, afterMs: 100 },
])('A task refused after one that took $serviceMs ms may come back in $afterMs, by chance $random', (row) => {
  expect(refusal(row.serviceMs, row.random)).toBe(row.afterMs);
});

it('Tasks that end as soon as they begin, thousands in a row, do not fill the stack', () => {
  let ended = 0;
  const room: WaitingRoom<number> = new WaitingRoom<number>({
    limit: 1,
    maxWaiting: 5_000,
    about: { agent: 'tested' },
    start: () => {
      ended++;
      room.ended(undefined);
    },
    // On a machine that is slow enough, some have waited for too long.
    refuse: () => {
      ended++;
    },
  });
  room.enter();
  for (let n = 0; n < 5_000; n++)
    room.wait(n, 'test', { signal: new Stop(), deadline: Deadline.after(60_000) });
  room.ended(undefined);
  expect(ended).toBe(5_000);
  expect(room.size).toBe(0);
});
