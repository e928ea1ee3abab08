import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { CapabilityDefinition, JsonObject, TaskContext } from '../../../../services/agent/index.ts';

/** How many events an agent tells before it hears that they have arrived. The mesh cuts a reader off at 256. */
const AHEAD = 200;

/** After how many events a caller lets the agent go on: one small task for so many. */
export const MORE_EVERY = 100;

/** What is asked for: so many events, by a caller that is known as `listener`. */
export type ProgressInput = { events: number; listener: string };

/** What lets it go on: so many events have arrived at the listener. */
export type MoreInput = { arrived: number; listener: string };

/**
 * The capabilities of an agent that tells of its progress as fast as its listener follows, one event in a turn of the
 * event loop, as an agent does that has something to do between: `bench.progress`, and `bench.more`, which lets it go
 * on.
 */
export function pacedProgress(): Record<'bench.progress' | 'bench.more', CapabilityDefinition> {
  const arrivals = new Map<string, { arrived: number; news: EventTarget }>();

  async function progress({ events, listener }: ProgressInput, task: TaskContext): Promise<number> {
    const arrival = { arrived: 0, news: new EventTarget() };
    arrivals.set(listener, arrival);
    try {
      for (let n = 1; n <= events; n++) {
        if (n - arrival.arrived > AHEAD) await once(arrival.news, 'more', { signal: task.signal });
        task.progress({ n, of: events });
        if (n < events) await setImmediate();
      }
      return events;
    } finally {
      arrivals.delete(listener);
    }
  }

  function more({ arrived, listener }: MoreInput): null {
    const arrival = arrivals.get(listener);
    if (arrival) {
      arrival.arrived = arrived;
      arrival.news.dispatchEvent(new Event('more'));
    }
    return null;
  }

  const schema = (count: string): JsonObject => ({
    type: 'object',
    required: [count, 'listener'],
    properties: { [count]: { type: 'integer', minimum: 1 }, listener: { type: 'string' } },
  });
  return {
    'bench.progress': { description: 'Tells of its progress.', input: schema('events'), handle: progress },
    'bench.more': { description: 'Lets it go on.', input: schema('arrived'), handle: more },
  };
}
