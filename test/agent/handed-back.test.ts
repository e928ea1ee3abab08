import { expect, it, onTestFinished } from 'vitest';
import { AgentService } from '../../gen/troupe/v1/agent_service_pb.js';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Channel } from '../../services/rpc/channel.ts';
import { createClient } from '../../services/rpc/client.ts';
import { untilJoined } from '../client/rolling.ts';
import { agentWithoutLink, type ServedAgent } from '../orchestrator/without-link.ts';

it.each([
  ['Link', serveAgent],
  ['Handle', agentWithoutLink],
])('What waits at an agent by %s that leaves is done by another, and nothing twice', async (_, serve) => {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const agents: ServedAgent[] = [];
  const begun: string[] = [];
  const go = Promise.withResolvers<void>();
  const handle = async (key: string) => {
    begun.push(key);
    await go.promise;
    return key;
  };
  const start = async () => {
    const definition = { id: 'worker', maxConcurrency: 1, capabilities: { work: { handle } } };
    const agent = await serve(definition, { orchestrators: [orchestrator.address] });
    agents.push(agent);
    await untilJoined(troupe, () => agents.map(({ address }) => address));
    return agent;
  };
  const troupe = new Troupe(orchestrator.address);
  onTestFinished(async () => {
    channel.close();
    troupe.close();
    await Promise.all(agents.map((agent) => agent.close()));
    await orchestrator.close();
  });
  const leaving = await start();
  // Of this the orchestrator knows nothing, and sends another: it waits at the agent.
  const channel = new Channel(leaving.address);
  const direct = createClient(AgentService, channel).handle({ message: { payload: toValue('direct') } });
  while (begun.length < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const waiting = troupe.dispatch('work', 'waiting');
  while (leaving.history.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await start();
  expect(begun).toEqual(['direct']);
  const drained = leaving.drain();
  while (begun.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  go.resolve();
  expect((await waiting).payload).toBe('waiting');
  expect(fromValue((await direct).message?.payload)).toBe('direct');
  expect(begun).toEqual(['direct', 'waiting']);
  await drained;
});
