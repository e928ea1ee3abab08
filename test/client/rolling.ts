import type { TaskContext } from '../../services/agent/index.ts';
import type { Troupe } from '../../services/client/index.ts';

/** How many callers ask at once, each for one thing after the other. */
const CALLERS = 16;

/** How long each call may take, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** What became of the calls. */
export interface Outcome {
  /** The keys of those that were answered, each as often as it was. */
  answered: string[];
  failures: string[];
}

/** Asks for `work` without a break, under a new key each time, until `stop` is called, which waits for the last. */
export function load(troupe: Troupe): { count: () => number; stop: () => Promise<Outcome> } {
  const outcome: Outcome = { answered: [], failures: [] };
  let stopped = false;
  let asked = 0;
  const ask = async () => {
    while (!stopped) {
      const idempotencyKey = `key-${++asked}`;
      try {
        const { payload } = await troupe.dispatch('work', null, { idempotencyKey, timeoutMs: TIMEOUT_MS });
        outcome.answered.push(payload as string);
      } catch (error) {
        outcome.failures.push(`${idempotencyKey}: ${error}`);
      }
    }
  };
  const callers = Array.from({ length: CALLERS }, ask);
  return {
    count: () => outcome.answered.length + outcome.failures.length,
    async stop() {
      stopped = true;
      await Promise.all(callers);
      return outcome;
    },
  };
}

/** Waits until so many more calls have ended. */
export async function untilMore({ count }: { count: () => number }, more: number): Promise<void> {
  const wanted = count() + more;
  while (count() < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Waits until the orchestrator of the moment has instances of `worker` at all of these addresses. */
export async function untilJoined(troupe: Troupe, addresses: () => readonly string[]): Promise<void> {
  while (true) {
    const { orchestrator } = await troupe.reach();
    const { agents } = await orchestrator.listAgents({}).catch(() => ({ agents: [] }));
    const known = agents[0]?.instances.map(({ address }) => address) ?? [];
    if (addresses().every((address) => known.includes(address))) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** An agent that takes a moment for each task, answers its key, and tells `worked` of it. */
export function worker(worked: (key: string) => void) {
  return {
    id: 'worker',
    capabilities: {
      work: {
        async handle(_: never, { idempotencyKey }: TaskContext) {
          worked(idempotencyKey);
          await new Promise((resolve) => setTimeout(resolve, 5));
          return idempotencyKey;
        },
      },
    },
  };
}
