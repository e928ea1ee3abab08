import type { SharedState } from '../../../../services/client/index.ts';
import { closedLoop, type Load } from '../../load/closed-loop.ts';
import { answerTo, type Payload } from '../../load/payload.ts';

/** How many keys the state has. */
const KEYS = 100;

/** What a caller is asked about the shared state. Before anything is read, everything has to be written once. */
export function stateCommands(state: SharedState) {
  const keyOf = ({ n }: Payload) => `bench/${n % KEYS}`;
  return {
    async fill() {
      for (let n = 0; n < KEYS; n++)
        await state.set(`bench/${n}`, { n, kind: 'bench', text: 'x'.repeat(90) });
    },
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
  };
}
