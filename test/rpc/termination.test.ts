import { describe, expect, it } from 'vitest';
import { type Started, start } from '../fixtures/started.ts';

async function ready(env: Record<string, string>): Promise<Started> {
  const started = start('./drains.ts', env);
  expect((await started.lines.next()).value).toBe('ready');
  return started;
}

describe('A process that is asked to leave', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s drains and exits with 0', async (signal) => {
    const { child, lines, exited, log } = await ready({ DRAIN_MS: '50' });
    child.kill(signal);
    expect((await lines.next()).value).toBe('draining');
    expect(await exited).toBe(0);
    expect(log()).toContain(`"signal":"${signal}"`);
    expect(log()).toContain('"msg":"drained"');
  });

  it('by one Ctrl-C that reaches it twice drains all the same', async () => {
    const { child, lines, exited } = await ready({ DRAIN_MS: '300' });
    child.kill('SIGINT');
    expect((await lines.next()).value).toBe('draining');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('a second time exits at once with 1', async () => {
    const { child, lines, exited, log } = await ready({ DRAIN_MS: '60000' });
    child.kill('SIGTERM');
    expect((await lines.next()).value).toBe('draining');
    const again = setInterval(() => child.kill('SIGTERM'), 100);
    expect(await exited).toBe(1);
    clearInterval(again);
    expect(log()).not.toContain('"msg":"drained"');
  });

  it('and fails at it says so and exits with 1', async () => {
    const { child, exited, log } = await ready({ DRAIN_MS: 'fail' });
    child.kill('SIGTERM');
    expect(await exited).toBe(1);
    expect(log()).toContain('stuck');
  });
});

describe('What nobody caught', () => {
  it('is logged where it is a rejection, and the process lives', async () => {
    const { child, exited, log } = await ready({ CRASH: 'rejection' });
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(log()).toContain('a rejection was not handled');
  });

  it('is logged where it is an exception, and ends the process with 1', async () => {
    const { exited, log } = await ready({ CRASH: 'exception' });
    expect(await exited).toBe(1);
    expect(log()).toContain('an exception was not caught');
  });
});
