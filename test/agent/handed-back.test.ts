import { expect, it, onTestFinished } from 'vitest';
import { serveAgent } from '../../services/agent/index.ts';
import { Troupe } from '../../services/client/index.ts';
import { startOrchestrator } from '../../services/orchestrator/orchestrator.ts';
import { untilJoined } from '../client/rolling.ts';
import { agentWithoutLink } from '../orchestrator/without-link.ts';

/** How many tasks come to each of two instances, of which each works on one. */
const TASKS = 5;

it.each([
  ['Link', serveAgent],
  ['Handle', agentWithoutLink],
])('What waits at an agent by %s that leaves is done by another, and nothing twice', async (_, serve) => {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const begun: string[] = [];
  const go = Promise.withResolvers<void>();
  const start = () =>
    serve(
      {
        id: 'worker',
        maxConcurrency: 1,
        capabilities: {
          work: {
            async handle(key: string) {
              begun.push(key);
              await go.promise;
              return key;
            },
          },
        },
      },
      { orchestrators: [orchestrator.address] },
    );
  const agents = [await start(), await start()] as const;
  const troupe = new Troupe(orchestrator.address);
  onTestFinished(async () => {
    troupe.close();
    await Promise.all(agents.map((agent) => agent.close()));
    await orchestrator.close();
  });
  await untilJoined(troupe, () => agents.map(({ address }) => address));

  const keys = Array.from({ length: 2 * TASKS }, (_, n) => `task-${n}`);
  const asked = keys.map(async (key) => (await troupe.dispatch('work', key)).payload);
  while (agents.some(({ history }) => history.length < TASKS))
    await new Promise((resolve) => setTimeout(resolve, 5));
  const drained = agents[0].drain();
  while (agents[0].history.filter(({ error }) => error).length < TASKS - 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  go.resolve();
  expect(await Promise.all(asked)).toEqual(keys);
  expect(begun.sort()).toEqual(keys);
  await drained;
});
