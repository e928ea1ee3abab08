import type { Role } from '../../../processes/role.ts';
import { answerTo, type Payload } from '../../load/payload.ts';
import { loadNats } from './transport.ts';

/** A responder on a subject. Its messages are the payload alone, in JSON: NATS has no envelope. */
export async function start({ address }: { address: string }): Promise<Role> {
  const nats = await loadNats();
  const connection = await nats.connect({ servers: address });
  connection.subscribe('bench.echo', {
    callback(error, message) {
      if (error) throw error;
      message.respond(JSON.stringify(answerTo(message.json<Payload>())));
    },
  });
  return {};
}
