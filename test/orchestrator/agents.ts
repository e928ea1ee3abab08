import type { AgentDefinition } from '../../services/agent/index.ts';

/** An agent that answers what it was sent, by whatever name and capabilities. */
export function echo(id = 'echo', capabilities: readonly string[] = ['echo.say']): AgentDefinition {
  const handle = (input: never) => ({ by: id, said: input });
  return { id, capabilities: Object.fromEntries(capabilities.map((name) => [name, { handle }])) };
}

/** An agent whose work begins and ends when a test says so, and that tells what became of it. */
export function patient(id = 'patient') {
  const started = Promise.withResolvers<{ remainingMs: number }>();
  const stopped = Promise.withResolvers<string>();
  const finish = Promise.withResolvers<void>();
  const definition: AgentDefinition = {
    id,
    capabilities: {
      'patient.work': {
        async handle(_, { signal, remainingMs }) {
          started.resolve({ remainingMs });
          signal.addEventListener('abort', () => stopped.resolve(String(signal.reason)));
          await finish.promise;
          return 'finished';
        },
      },
    },
  };
  return { definition, started: started.promise, stopped: stopped.promise, finish: finish.resolve };
}
