import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Troupe } from '../../services/client/index.ts';
import { Code } from '../../services/rpc/code.ts';
import { Processes } from '../mesh/processes.ts';
import { failureOf } from '../protocol/link/messages.ts';

const MAIN = resolve(import.meta.dirname, '../../services/orchestrator/main.ts');

describe('an orchestrator that runs as a process', () => {
  it.each([
    [{ TROUPE_LISTEN: 'localhost' }, 'Cannot listen: \\"localhost\\" is no address: write host:port'],
    [{ TROUPE_LOG_LEVEL: 'verbose' }, 'must be one of trace, debug, info, warn, error, fatal, silent.'],
    [{ TROUPE_DRAIN_MS: '10s' }, 'must be a whole number of milliseconds from 0 to 3600000.'],
  ])('exits with 1 and says why with %j', async (env, said) => {
    const child = spawn(process.execPath, [MAIN], {
      env: { TROUPE_LISTEN: '127.0.0.1:0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('finishes what is in flight for as long as TROUPE_DRAIN_MS says, and no longer', async () => {
    const processes = new Processes();
    onTestFinished(() => processes.stop());
    const orchestrator = await processes.orchestrator({ TROUPE_DRAIN_MS: '0' });
    await processes.agent('test/fixtures/greeter.ts', orchestrator);
    const troupe = new Troupe(orchestrator.address);
    onTestFinished(() => troupe.close());
    const events = troupe.dispatchStream('greet', { name: 'you', afterMs: 2000 });
    expect((await events.next()).value).toMatchObject({ type: 'progress' });
    orchestrator.signal('SIGTERM');
    expect((await failureOf(events.next())).code).toBe(Code.UNAVAILABLE);
  });
});
