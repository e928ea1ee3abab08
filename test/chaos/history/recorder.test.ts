import { expect, it, onTestFinished } from 'vitest';
import { serveAgent, troupeError } from '../../../services/agent/index.ts';
import { Troupe } from '../../../services/client/index.ts';
import { startOrchestrator } from '../../../services/orchestrator/orchestrator.ts';
import { History } from './history.ts';
import { type LoadPlan, Recorder } from './recorder.ts';

/** A mesh whose agent fails every third task, and says of every fifth that its time ran out. */
async function recorder(plan: Omit<LoadPlan, 'capability'>): Promise<Recorder> {
  const orchestrator = await startOrchestrator({ listen: '127.0.0.1:0' });
  const agent = await serveAgent(
    {
      id: 'odd',
      capabilities: {
        'odd.do': {
          handle({ n }: { n: number }) {
            if (n % 5 === 4) throw troupeError('TASK_TIMED_OUT', 'every fifth');
            if (n % 3 === 2) throw new Error('every third');
            return { n, instance: 'o1' };
          },
        },
      },
    },
    { orchestrators: [orchestrator.address] },
  );
  const troupe = new Troupe(orchestrator.address);
  onTestFinished(async () => {
    troupe.close();
    await agent.close();
    await orchestrator.close();
  });
  return new Recorder(troupe, { capability: 'odd.do', ...plan });
}

it.each([
  ['at a fixed rate', { perSecond: 500, timeoutMs: 15_000 }],
  ['with so many in flight', { inFlight: 4, timeoutMs: 15_000 }],
])('records every call once, %s, with how it ended', async (_, plan) => {
  const load = await recorder(plan);
  while (load.calls.length < 30) await new Promise((resolve) => setTimeout(resolve, 5));
  const { calls } = new History(await load.stop());
  expect(calls.map(({ n }) => n).sort((a, b) => a - b)).toEqual(calls.map((_, n) => n));
  for (const { n, outcome, instance, attempt, start, end } of calls) {
    const expected = n % 5 === 4 ? 'unknown' : n % 3 === 2 ? 'failed' : 'ok';
    expect({ n, outcome }).toEqual({ n, outcome: expected });
    if (outcome === 'ok') expect([instance, attempt]).toEqual(['o1', 1]);
    expect(end).toBeGreaterThan(start);
  }
});
