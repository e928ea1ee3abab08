import type { Role } from '../../processes/role.ts';
import { type Call, closedLoop } from './closed-loop.ts';
import { checkAnswer, payloadsOf } from './payload.ts';

/**
 * The role of a client that asks by `call`: it can be put under load, and asked once to show that it works. `check`
 * does more of the latter, where a client has more to show.
 */
export function clientRole(call: Call, check: () => Promise<void> = async () => {}): Role {
  return {
    commands: {
      load: (load: Parameters<typeof closedLoop>[1]) => closedLoop(call, load),
      async check() {
        const payload = payloadsOf(128)();
        checkAnswer(payload, await call(payload));
        await check();
      },
    },
  };
}
