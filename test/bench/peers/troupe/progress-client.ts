import { Troupe } from '../../../../services/client/index.ts';
import type { Role } from '../../process/role.ts';
import { TIMEOUT_MS } from './client.ts';
import { firstEvent } from './first-event.ts';
import { MORE_EVERY, type MoreInput, type ProgressInput } from './paced-progress.ts';

/** A caller that listens to the progress of its tasks, through the orchestrator. */
export function start({ address }: { address: string }): Role {
  const troupe = new Troupe(address, { id: 'bench' });
  const options = { timeoutMs: TIMEOUT_MS };
  const stream = (input: ProgressInput) => troupe.dispatchStream('bench.progress', input, options);

  /** Listens to a task with so many events, and lets the agent go on as they arrive. */
  async function listen(input: ProgressInput): Promise<void> {
    let arrived = 0;
    for await (const { type } of stream(input)) {
      if (type !== 'progress') continue;
      arrived++;
      if (arrived % MORE_EVERY === 0) {
        const more: MoreInput = { arrived, listener: input.listener };
        void troupe.dispatch('bench.more', more, options);
      }
    }
    if (arrived !== input.events) throw new Error(`Of ${input.events} events ${arrived} arrived.`);
  }

  return {
    commands: {
      /** Events per second of `tasks` tasks at once, with `events` events each. */
      async events({ tasks, events }: { tasks: number; events: number }) {
        const begun = performance.now();
        await Promise.all(Array.from({ length: tasks }, (_, n) => listen({ events, listener: `task-${n}` })));
        return (tasks * events * 1000) / (performance.now() - begun);
      },
      firstEvent: firstEvent(stream),
    },
  };
}
