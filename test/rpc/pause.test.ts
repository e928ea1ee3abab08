import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Deadline } from '../../services/rpc/deadline.ts';
import { pause } from '../../services/rpc/pause.ts';
import { Stop } from '../../services/rpc/stop-signal.ts';

function stopped(): Stop {
  const stop = new Stop();
  stop.abort('stopped');
  return stop;
}

describe('A pause', () => {
  it.each([
    ['an AbortSignal', AbortSignal.abort()],
    ['a Stop', stopped()],
  ])('ends where %s has aborted before it began, but not before it is answered', async (_, signal) => {
    const order: string[] = [];
    pause(Deadline.never, signal, {
      onTime: () => order.push('time'),
      onAbort: () => order.push('abort'),
    });
    order.push('answered');
    await turn();
    expect(order).toEqual(['answered', 'abort']);
  });

  it('that was ended says nothing', async () => {
    const heard: string[] = [];
    const end = pause(Deadline.never, stopped(), {
      onTime: () => heard.push('time'),
      onAbort: () => heard.push('abort'),
    });
    end();
    await turn();
    expect(heard).toEqual([]);
  });
});
