// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the subject is expressions in text.
import { describe, expect, it } from 'vitest';
import type { AgentDefinition, TaskContext } from '../../services/agent/index.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { echo, patient } from './agents.ts';
import { AGENT_WAYS, TestMesh } from './test-mesh.ts';

describe.each(AGENT_WAYS)('an orchestrator of agents by %s that drains', (agents) => {
  const mesh = new TestMesh({ agents });

  it('goes through the steps that a pipeline has left', async () => {
    const orchestrator = await mesh.orchestrator();
    const { definition, started, finish } = patient();
    for (const agent of [definition, echo()])
      await mesh.agent(agent, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('patient');
    await orchestrator.knows('echo');
    const steps = [
      { name: 'first', capability: 'patient.work' },
      { name: 'second', capability: 'echo.say', payload: toValue('${steps.first.output}') },
    ];
    const run = Array.fromAsync(orchestrator.troupe.run({ name: 'p', steps }, null));
    await started;
    const drained = orchestrator.drain();
    finish();
    const { event } = (await run).at(-1)!;
    const outputs = event.case === 'finished' ? event.value.outputs : {};
    expect(fromValue(outputs.second)).toMatchObject({ said: 'finished' });
    await drained;
  });

  it('gives a handler what it asks for, which has asked over a link before', async () => {
    const orchestrator = await mesh.orchestrator();
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const asking: AgentDefinition = {
      id: 'asking',
      capabilities: {
        ask: {
          async handle(_, task: TaskContext) {
            await task.call('echo.say', 1);
            started.resolve();
            await go.promise;
            return (await task.call('echo.say', 2)).payload;
          },
        },
      },
    };
    for (const agent of [asking, echo()]) await mesh.agent(agent, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('asking');
    await orchestrator.knows('echo');
    const asked = orchestrator.troupe.dispatch('ask', null);
    await started.promise;
    const drained = orchestrator.drain();
    go.resolve();
    expect((await asked).payload).toMatchObject({ said: 2 });
    await drained;
  });
});
