import { Troupe } from '../../../../services/client/index.ts';
import { clientRole } from '../../load/client-role.ts';
import type { Payload } from '../../load/payload.ts';
import type { Role } from '../../process/role.ts';
import { CAPABILITY } from '../direct/message.ts';
import { checkFeatures } from './check-features.ts';

/** How long a task may take, in milliseconds: every task of the benchmark has a deadline. */
export const TIMEOUT_MS = 30_000;

/** A caller as its author writes one: `Troupe` talks over a link by itself. */
export function start({ address }: { address: string }): Role {
  const troupe = new Troupe(address, { id: 'bench' });
  return clientRole(
    async (payload) =>
      (await troupe.dispatch(CAPABILITY, payload, { timeoutMs: TIMEOUT_MS })).payload as Payload,
    () => checkFeatures(troupe),
  );
}
