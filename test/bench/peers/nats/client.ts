import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import type { Payload } from '../../load/payload.ts';
import { loadNats } from './transport.ts';

/** A requester. */
export async function start({ address }: { address: string }): Promise<Role> {
  const nats = await loadNats();
  const connection = await nats.connect({ servers: address });
  return clientRole(async (payload) => {
    const reply = await connection.request('bench.echo', JSON.stringify(payload), { timeout: 30_000 });
    return reply.json<Payload>();
  });
}
