import { describe, expect, it } from 'vitest';
import { Stop } from '../../services/rpc/stop-signal.ts';

describe('A stop', () => {
  it('tells each listener once, with the first reason', () => {
    const stop = new Stop();
    const told: unknown[] = [];
    stop.addEventListener('abort', () => told.push(['a', stop.reason]));
    stop.addEventListener('abort', () => told.push(['b', stop.reason]));
    stop.abort('first');
    stop.abort('second');
    expect(told).toEqual([
      ['a', 'first'],
      ['b', 'first'],
    ]);
    expect(stop.aborted).toBe(true);
    expect(() => stop.throwIfAborted()).toThrow('first');
  });

  it('tells nobody who let go of it, nor who listens when it is over, as an AbortSignal does', () => {
    const stop = new Stop();
    const told: string[] = [];
    const listener = () => told.push('gone');
    stop.addEventListener('abort', listener);
    stop.removeEventListener('abort', listener);
    stop.removeEventListener('abort', () => {});
    expect(() => stop.throwIfAborted()).not.toThrow();
    stop.abort('over');
    stop.addEventListener('abort', () => told.push('late'));
    expect(told).toEqual([]);
  });

  it('lets a listener let go of another while they are told', () => {
    const stop = new Stop();
    const told: string[] = [];
    const second = () => told.push('second');
    stop.addEventListener('abort', () => stop.removeEventListener('abort', second));
    stop.addEventListener('abort', second);
    stop.abort('now');
    expect(told).toEqual(['second']);
  });
});
