import type { RunningAgent } from '../../../services/agent/index.ts';
import type { AgentProcess } from '../../../services/verify/index.ts';
import type { Fault } from '../faulty-agent.ts';

/** A process that ends as it is told to, but drops what is in flight. */
function cutOff(agent: RunningAgent): AgentProcess {
  const { promise: exited, resolve } = Promise.withResolvers<string>();
  return { exited, terminate: () => void agent.close().then(() => resolve('closed')) };
}

/** A process that goes on as if nothing had been said. */
function unmoved(): AgentProcess {
  return { exited: new Promise(() => {}), terminate() {} };
}

/** Agents that do not leave well. */
export const drainFaults: Record<string, () => Fault> = {
  'drain.finishes': () => ({ seen: /it failed UNAVAILABLE/, process: cutOff }),
  'drain.link-finishes': () => ({ seen: /the link ended/, process: cutOff }),
  'drain.refuses': () => ({ seen: /was answered: RESULT/, process: unmoved }),
  'drain.health': () => ({ seen: /was told SERVING/, process: unmoved }),
  'drain.heartbeat': () => ({ seen: /before a HEARTBEAT/, process: unmoved }),
  'drain.crossed': () => ({ seen: /answered RESULT instead of/, process: unmoved }),
  'drain.link-end': () => ({ seen: /ended OK/, process: unmoved }),
  'drain.exit': () => ({ seen: /still runs/, process: unmoved }),
};
