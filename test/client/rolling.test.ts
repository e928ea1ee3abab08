import { expect, it, onTestFinished } from 'vitest';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { type Orchestrator, startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { agentWithoutLink, orchestratorWithoutLink, type WithoutLink } from '../orchestrator/without-link.ts';
import { load, untilJoined, untilMore, worker } from './rolling.ts';

/** An orchestrator that is restarted in its place, as callers by each way see it. */
async function restartable(way: 'Link' | 'DispatchStream') {
  let orchestrator: Orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const { address } = orchestrator;
  let front: WithoutLink | undefined = way === 'Link' ? undefined : await orchestratorWithoutLink(address);
  const at = front?.address ?? address;
  onTestFinished(async () => {
    await front?.close();
    await orchestrator.close();
  });
  return {
    address,
    at,
    async restart() {
      await front?.drain();
      await orchestrator.drain();
      orchestrator = await startOrchestrator({ listen: address });
      front &&= await orchestratorWithoutLink(address, at);
    },
  };
}

it.each([
  { caller: 'Link', agent: 'Link' },
  { caller: 'Link', agent: 'Handle' },
  { caller: 'DispatchStream', agent: 'Link' },
  { caller: 'DispatchStream', agent: 'Handle' },
] as const)(
  'A rolling restart of agents by $agent and their orchestrator loses no call by $caller, and none is done twice',
  { timeout: 60_000 },
  async (way) => {
    const orchestrator = await restartable(way.caller);
    const worked: string[] = [];
    const serve = { Handle: agentWithoutLink, Link: serveAgent }[way.agent];
    const start = () =>
      serve(
        worker((key) => worked.push(key)),
        { orchestrators: [orchestrator.address] },
      );
    const agents = [await start(), await start()];
    const troupe = new Troupe(orchestrator.at);
    onTestFinished(async () => {
      troupe.close();
      await Promise.all(agents.map((agent) => agent.close()));
    });
    const joined = () => untilJoined(troupe, () => agents.map(({ address }) => address));
    await joined();

    const calls = load(troupe);
    for (let round = 0; round < 2; round++) {
      for (const [n, agent] of agents.entries()) {
        await untilMore(calls, 100);
        await agent.drain();
        agents[n] = await start();
        await joined();
      }
      await untilMore(calls, 100);
      await orchestrator.restart();
      await untilMore(calls, 100);
      await joined();
    }
    const { answered, failures } = await calls.stop();
    expect(failures).toEqual([]);
    expect(answered.length).toBeGreaterThan(500);
    expect(new Set(answered).size).toBe(answered.length);
    expect([...worked].sort()).toEqual([...answered].sort());
  },
);
