import { Troupe } from '../../../../services/client/index.ts';
import { closedLoop, type Load } from '../../load/closed-loop.ts';
import { answerTo, type Payload } from '../../load/payload.ts';
import type { Role } from '../../process/role.ts';

/** How many keys the state has. */
const KEYS = 1000;

/** A caller that reads and writes the shared state. */
export async function start({ address }: { address: string }): Promise<Role> {
  const { state } = new Troupe(address, { id: 'bench' });
  const keyOf = ({ n }: Payload) => `bench/${n % KEYS}`;
  for (let n = 0; n < KEYS; n++) await state.set(`bench/${n}`, { n, kind: 'bench', text: 'x'.repeat(90) });
  return {
    commands: {
      get: (load: Load & { durationMs: number }) =>
        closedLoop(async (payload) => {
          const entry = await state.get(keyOf(payload));
          if (entry?.key !== keyOf(payload)) throw new Error(`There is no entry ${keyOf(payload)}.`);
          return answerTo(payload);
        }, load),
      set: (load: Load & { durationMs: number }) =>
        closedLoop(
          async (payload) => answerTo((await state.set(keyOf(payload), payload)).value as Payload),
          load,
        ),
    },
  };
}
