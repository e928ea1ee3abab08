import { describe, expect, it } from 'vitest';
import { Deadline } from '../../services/rpc/deadline.ts';

describe('A deadline', () => {
  it('tells what remains, never less than zero', () => {
    expect(Deadline.after(5000).remainingMs).toBeGreaterThan(4000);
    expect(Deadline.after(5000).remainingMs).toBeLessThanOrEqual(5000);
    expect(Deadline.after(-1).remainingMs).toBe(0);
    expect(Deadline.never.remainingMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('has expired when its moment has come', () => {
    expect(Deadline.after(0).expired).toBe(true);
    expect(Deadline.after(5000).expired).toBe(false);
    expect(Deadline.never.expired).toBe(false);
  });

  it('is the earlier of two', () => {
    const [sooner, later] = [Deadline.after(1000), Deadline.after(2000)];
    expect(sooner.earliest(later)).toBe(sooner);
    expect(later.earliest(sooner)).toBe(sooner);
    expect(Deadline.never.earliest(later)).toBe(later);
    expect(Deadline.never.earliest(Deadline.never)).toBe(Deadline.never);
  });

  it('calls back when it has expired, not even a fraction of a millisecond before', async () => {
    const expired = Array.from({ length: 200 }, (_, n) => {
      const deadline = Deadline.after(5 + n / 9.7);
      return new Promise((resolve) => deadline.onExpired(() => resolve(deadline.expired)));
    });
    expect(await Promise.all(expired)).toEqual(expired.map(() => true));
  });

  it('does not call back where it is forgotten, or is none', async () => {
    const called: string[] = [];
    Deadline.after(5)
      .onExpired(() => called.push('forgotten'))
      .cancel();
    Deadline.never.onExpired(() => called.push('never'));
    await new Promise<void>((resolve) => Deadline.after(30).onExpired(resolve));
    expect(called).toEqual([]);
  });
});
