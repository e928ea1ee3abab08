import { Troupe } from '../../../../services/client/index.ts';
import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import type { Payload } from '../../load/payload.ts';
import { CAPABILITY } from '../direct/message.ts';
import { checkFeatures } from './check-features.ts';
import { progressCommands } from './progress-commands.ts';
import { stateCommands } from './state-commands.ts';
import { straightLink } from './straight-link.ts';
import { TIMEOUT_MS } from './timeout.ts';

/**
 * A caller as its author writes one: `Troupe` talks over a link by itself. `address`: the orchestrator's; `agent`: the
 * agent's own.
 */
export function start({ address, agent }: { address: string; agent: string }): Role {
  const troupe = new Troupe(address, { id: 'bench' });
  const { commands } = clientRole(
    async (payload) =>
      (await troupe.dispatch(CAPABILITY, payload, { timeoutMs: TIMEOUT_MS })).payload as Payload,
    () => checkFeatures(troupe),
  );
  return {
    commands: {
      ...commands,
      ...progressCommands(troupe, straightLink(agent)),
      ...stateCommands(troupe.state),
    },
  };
}
