import { setTimeout as sleep } from 'node:timers/promises';
import { Troupe } from '../../../../services/client/index.ts';
import type { Role } from '../../../processes/role.ts';

/** How often the roster is looked at for instances that are still on their way, in milliseconds. */
const LOOK_EVERY_MS = 50;

/** A caller that broadcasts. */
export function start({ address }: { address: string }): Role {
  const troupe = new Troupe(address, { id: 'bench' });
  /** Broadcasts once, and answers how many have acknowledged it. */
  const broadcast = async () => {
    let acknowledged = 0;
    const outcomes = troupe.broadcast(
      { news: 'of the day' },
      { capability: 'bench.listen', timeoutMs: 10_000 },
    );
    for await (const { outcome } of outcomes) if (outcome.case === 'acknowledgement') acknowledged++;
    return acknowledged;
  };
  return {
    commands: {
      /** Waits until `instances` instances hear a broadcast. */
      async reach({ instances }: { instances: number }) {
        while ((await broadcast()) < instances) await sleep(LOOK_EVERY_MS);
      },
      /** How long each of `times` broadcasts to `instances` instances took as a whole, in milliseconds. */
      async broadcasts({ times, instances }: { times: number; instances: number }) {
        const took: number[] = [];
        for (let n = 0; n < times; n++) {
          const begun = performance.now();
          const acknowledged = await broadcast();
          took.push(performance.now() - begun);
          if (acknowledged !== instances) throw new Error(`${acknowledged} of ${instances} acknowledged it.`);
        }
        return took;
      },
    },
  };
}
