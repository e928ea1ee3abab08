import type { Troupe } from '../../../../services/client/index.ts';
import type { TaskEvent } from '../../../../services/client/task.ts';
import { median } from '../../../report/statistics.ts';
import { MORE_EVERY, type MoreInput, type ProgressInput } from './paced-progress.ts';
import { TIMEOUT_MS } from './timeout.ts';

/** Streams a task that tells of its progress. */
type Stream = (input: ProgressInput) => AsyncIterable<TaskEvent>;

/** What a caller is asked about PROGRESS. `straight`: the same on a link that leads straight to the agent. */
export function progressCommands(troupe: Troupe, straight: Stream) {
  const options = { timeoutMs: TIMEOUT_MS };
  const through: Stream = (input) => troupe.dispatchStream('bench.progress', input, options);

  /** Listens to a task with so many events, and lets the agent go on as they arrive. */
  async function listen(input: ProgressInput): Promise<void> {
    let arrived = 0;
    for await (const { type } of through(input)) {
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
    /** Events per second of `tasks` tasks at once, with `events` events each. */
    async events({ tasks, events }: { tasks: number; events: number }) {
      const begun = performance.now();
      await Promise.all(Array.from({ length: tasks }, (_, n) => listen({ events, listener: `task-${n}` })));
      return (tasks * events * 1000) / (performance.now() - begun);
    },
    /** The time to the first event of a task through the orchestrator, in milliseconds: the median of `tasks`. */
    firstEventThrough: ({ tasks }: { tasks: number }) => firstEvent(through, tasks),
    /** The same straight from the agent. */
    firstEventStraight: ({ tasks }: { tasks: number }) => firstEvent(straight, tasks),
  };
}

async function firstEvent(stream: Stream, tasks: number): Promise<number> {
  const latencies: number[] = [];
  for (let n = 0; n < tasks; n++) {
    const begun = performance.now();
    for await (const { type } of stream({ events: 1, listener: 'one' })) {
      if (type === 'progress') latencies.push(performance.now() - begun);
    }
  }
  if (latencies.length !== tasks) throw new Error(`Of ${tasks} events ${latencies.length} arrived.`);
  return median(latencies);
}
