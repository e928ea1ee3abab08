import type { TaskEvent } from '../../../../services/client/task.ts';
import { median } from '../../load/statistics.ts';
import type { ProgressInput } from './paced-progress.ts';

/**
 * The command of a client that tells how long it takes to the first event of a task, in milliseconds: the median of
 * `tasks`, one after the other.
 */
export function firstEvent(stream: (input: ProgressInput) => AsyncIterable<TaskEvent>) {
  return async ({ tasks }: { tasks: number }): Promise<number> => {
    const latencies: number[] = [];
    for (let n = 0; n < tasks; n++) {
      const begun = performance.now();
      for await (const { type } of stream({ events: 1, listener: 'one' })) {
        if (type === 'progress') latencies.push(performance.now() - begun);
      }
    }
    if (latencies.length !== tasks) throw new Error(`Of ${tasks} events ${latencies.length} arrived.`);
    return median(latencies);
  };
}
