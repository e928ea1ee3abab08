import { setTimeout as sleep } from 'node:timers/promises';
import { MessageType } from '../../../gen/troupe/v1/agent_message_pb.js';
import { Troupe } from '../../../services/client/index.ts';
import { toValue } from '../../../services/protocol/value.ts';
import { codeName } from '../../../services/rpc/code.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import type { Role } from '../../processes/role.ts';
import { READ } from '../mesh/agent-role.ts';

/** How many do things at once, and how long each waits after a thing, in milliseconds. */
const WORKERS = 8;
const PAUSE_MS = 10;

/** What a step of a pipeline is given: CEL. */
const INPUT = `\${input.n}`;

/**
 * A caller that does everything a caller can do, while it is not told to `rest`; `done` tells how often, and what
 * failed.
 */
export function start({ orchestrator }: { orchestrator: string }): Role {
  const troupe = new Troupe(orchestrator, { id: 'mix' });
  const things = thingsToDo(troupe);
  const failures: Record<string, number> = {};
  let done = 0;
  let working = true;
  let busy = 0;
  const work = async (n: number) => {
    for (let nth = n; ; nth++) {
      const [name, thing] = things[nth % things.length]!;
      while (!working) await sleep(PAUSE_MS);
      busy++;
      try {
        await thing(`${n}-${nth}`);
      } catch (thrown) {
        const failure = `${name}: ${codeName(RpcError.from(thrown).code)}`;
        failures[failure] = (failures[failure] ?? 0) + 1;
      }
      busy--;
      done++;
      await sleep(PAUSE_MS);
    }
  };
  for (let n = 0; n < WORKERS; n++) void work(n);
  return {
    commands: {
      done: () => ({ done, failures }),
      /** Settles when nothing is being done any more. */
      async rest() {
        working = false;
        while (busy > 0) await sleep(PAUSE_MS);
      },
      work() {
        working = true;
      },
    },
  };
}

/** The key or number that a thing is done with is given to it. */
function thingsToDo(troupe: Troupe): [string, (key: string) => Promise<unknown>][] {
  const timeoutMs = 10_000;
  const all = async (stream: AsyncIterable<unknown>) => {
    for await (const _ of stream);
  };
  return [
    ['dispatch', (key) => troupe.dispatch(READ, { n: 1, key }, { timeoutMs })],
    ['stream', (key) => all(troupe.dispatchStream(READ, { n: 2, key }, { timeoutMs }))],
    [
      'unary',
      async (key) => {
        const { orchestrator } = await troupe.reach();
        const message = { type: MessageType.TASK, capability: READ, payload: toValue({ n: 3, key }) };
        await orchestrator.dispatch({ message });
      },
    ],
    ['broadcast', (key) => all(troupe.broadcast({ key }))],
    [
      'pipeline',
      (key) =>
        all(
          troupe.run(
            {
              steps: ['a', 'b'].map((name) => ({
                name,
                capability: READ,
                payload: toValue({ n: INPUT, key }),
              })),
            },
            { n: 4 },
            { timeoutMs },
          ),
        ),
    ],
    [
      'state',
      async (key) => {
        await troupe.state.set(key, { key }, { ttlMs: 60_000 });
        await troupe.state.get(key);
        await troupe.state.delete(key);
      },
    ],
    [
      'cancel',
      async (key) => {
        const signal = AbortSignal.timeout(2);
        await troupe.dispatch(READ, { n: 5, key }, { timeoutMs, signal }).catch(() => {});
      },
    ],
    [
      'cancelled stream',
      async () => {
        const { orchestrator } = await troupe.reach();
        const stop = new AbortController();
        for await (const _ of orchestrator.watchAgents({}, { signal: stop.signal })) break;
        stop.abort();
      },
    ],
  ];
}
