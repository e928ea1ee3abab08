import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import type { Payload } from '../../load/payload.ts';
import { createBroker, tcp } from './broker.ts';

/** How long the other node may take to be found, in milliseconds. */
const FOUND_WITHIN_MS = 15_000;

/** A node that calls the service: over NATS, or by TCP at `address`. */
export async function start({ nats, address }: { nats?: string; address: string }): Promise<Role> {
  const broker = await createBroker('client', nats ?? tcp([`${address}/agent`]));
  await broker.start();
  await broker.waitForServices('bench', FOUND_WITHIN_MS);
  return clientRole((payload) => broker.call<Payload>('bench.echo', payload));
}
