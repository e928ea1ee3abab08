import type { Role } from '../../../processes/role.ts';
import { answerTo, type Payload } from '../../load/payload.ts';
import { createBroker, tcp } from './broker.ts';

/** A node with a service. `nats`: the URL of a NATS server; without it, its peers come to it by TCP. */
export async function start({ nats }: { nats?: string }): Promise<Role> {
  const broker = await createBroker('agent', nats ?? tcp([]));
  broker.createService({
    name: 'bench',
    actions: { echo: ({ params }: { params: Payload }) => answerTo(params) },
  });
  await broker.start();
  return { ready: { address: `127.0.0.1:${broker.transit.tx.opts.port}` } };
}
