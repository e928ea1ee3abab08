import { expect, it } from 'vitest';
import { StallMonitor } from './stall-monitor.ts';

it('tells a stall of the machine in milliseconds, and takes no work of this thread for one', async () => {
  const monitor = new StallMonitor();
  // It has to be there before anything can be noted: what it answers comes after that.
  const until = performance.now() + 1000;
  while (performance.now() < until);
  const stalledMs = await monitor.stop();
  expect(stalledMs).toBeGreaterThanOrEqual(0);
  expect(stalledMs).toBeLessThan(1000);
});
