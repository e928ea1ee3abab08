import { describe, expect, it, onTestFinished } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { toValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { Code } from '../../services/rpc/code.ts';
import { start } from '../fixtures/started.ts';
import { failureOf } from '../protocol/link/messages.ts';

describe('An agent that runs as a process', () => {
  it('says when it is ready, finishes what is in flight on SIGTERM, leaves the roster, and exits with 0', async () => {
    const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
    const troupe = new Troupe(orchestrator.address);
    onTestFinished(async () => {
      troupe.close();
      await orchestrator.close();
    });
    const { child, lines, log, exited } = start('./greeter.ts', {
      TROUPE_ORCHESTRATORS: orchestrator.address,
      TROUPE_INSTANCE_ID: 'greeter-1',
    });
    const ready = JSON.parse((await lines.next()).value);
    expect(ready).toEqual({
      ready: true,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      agent: 'greeter',
      instanceId: 'greeter-1',
    });
    const events = troupe.dispatchStream('greet', { name: 'you', afterMs: 500 });
    expect((await events.next()).value).toMatchObject({ type: 'progress', payload: 'looking up the name' });
    child.kill('SIGTERM');
    expect((await events.next()).value).toMatchObject({ type: 'result', payload: 'Hello, you!' });
    expect(await exited).toBe(0);
    expect(log()).toContain('"msg":"drained"');
    const { orchestrator: service } = await troupe.reach();
    expect((await service.listAgents({})).agents).toEqual([]);
  });

  it('finishes what is in flight for as long as TROUPE_DRAIN_MS says, and no longer', async () => {
    const { child, lines, exited } = start('./greeter.ts', { TROUPE_DRAIN_MS: '0' });
    const { address } = JSON.parse((await lines.next()).value);
    const channel = new Channel(address);
    onTestFinished(() => channel.close());
    const link = createClient(AgentService, channel);
    const message = {
      type: MessageType.TASK,
      capability: 'greet',
      payload: toValue({ name: 'you', afterMs: 2000 }),
    };
    const call = failureOf(link.handle({ message }));
    // Calls are served in the order in which they come.
    await link.describe({});
    child.kill('SIGTERM');
    expect((await call).code).toBe(Code.UNAVAILABLE);
    expect(await exited).toBe(0);
  });

  it.each([
    ['info', {}, '"level":"info".*announced to nobody, as TROUPE_ORCHESTRATORS is not set'],
    [
      'a warning',
      { TROUPE_ORCHESTRATOR: 'localhost:1' },
      '"level":"warn".*TROUPE_ORCHESTRATOR is for callers, an agent reads TROUPE_ORCHESTRATORS',
    ],
  ])('says that it announces itself to nobody, as %s with %j', async (_, env, said) => {
    const { lines, log } = start('./greeter.ts', { TROUPE_ORCHESTRATORS: '', ...env });
    await lines.next();
    expect(log()).toMatch(new RegExp(said));
  });

  it('says nothing of the kind where it announces itself', async () => {
    const { lines, log } = start('./greeter.ts', {
      TROUPE_ORCHESTRATORS: 'localhost:1',
      TROUPE_ORCHESTRATOR: 'localhost:1',
    });
    await lines.next();
    expect(log()).not.toContain('announced to nobody');
  });

  it('exits with 1 and says why where it cannot be served', async () => {
    const { exited, log } = start('./greeter.ts', { TROUPE_LISTEN: 'nowhere.invalid:1' });
    expect(await exited).toBe(1);
    expect(log()).toContain('Cannot listen on nowhere.invalid:1');
  });

  it('exits with 1 where its log is to have a level that there is not, and names those that there are', async () => {
    const { exited, log } = start('./greeter.ts', { TROUPE_LOG_LEVEL: 'verbose' });
    expect(await exited).toBe(1);
    expect(log()).toContain(
      'TROUPE_LOG_LEVEL is \\"verbose\\": it must be one of trace, debug, info, warn, error, fatal, silent.',
    );
  });

  it('takes a variable that is empty for one that is not there', async () => {
    const names = ['TROUPE_LISTEN', 'TROUPE_ADVERTISE', 'TROUPE_INSTANCE_ID', 'TROUPE_LOG_LEVEL'];
    const { lines } = start('./greeter.ts', Object.fromEntries(names.map((name) => [name, ''])));
    expect(JSON.parse((await lines.next()).value)).toMatchObject({
      ready: true,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      instanceId: expect.stringMatching(/^.{36}$/),
    });
  });

  it('exits with 1 and says why where the address of an orchestrator is none', async () => {
    const { exited, log } = start('./greeter.ts', {
      TROUPE_ORCHESTRATORS: 'localhost:1, http://localhost:2',
    });
    expect(await exited).toBe(1);
    expect(log()).toContain('\\"http://localhost:2\\" is no address: write host:port');
  });
});
