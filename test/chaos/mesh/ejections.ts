import { setTimeout as sleep } from 'node:timers/promises';
import { NotChosenReason } from '../../../gen/troupe/v1/route_pb.js';
import { Troupe } from '../../../services/client/index.ts';
import { moment } from '../history/clock.ts';

/** How often it is asked, in milliseconds. */
const EVERY_MS = 20;

/** What ExplainRoute told at a moment. */
export interface EjectionSample {
  at: number;
  /** The instances that were ejected. */
  ejected: readonly string[];
}

/**
 * Asks the orchestrator at `address` again and again who is ejected for a capability; `stop` answers all that it
 * told.
 */
export function sampleEjections(
  address: string,
  capability: string,
): { stop: () => Promise<readonly EjectionSample[]> } {
  const troupe = new Troupe(address, { id: 'ejections' });
  const samples: EjectionSample[] = [];
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      const candidates = await troupe.explain(capability);
      const out = candidates.filter(({ notChosen }) => notChosen === NotChosenReason.EJECTED);
      samples.push({ at: moment(), ejected: out.map(({ instanceId }) => instanceId) });
      await sleep(EVERY_MS);
    }
  })();
  // It is waited for by stop() alone.
  sampling.catch(() => {});
  return {
    async stop() {
      stopped = true;
      await sampling.finally(() => troupe.close());
      return samples;
    },
  };
}
