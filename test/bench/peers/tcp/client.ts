import { once } from 'node:events';
import { connect } from 'node:net';
import type { Role } from '../../../processes/role.ts';
import { clientRole } from '../../load/client-role.ts';
import type { Payload } from '../../load/payload.ts';
import { onJsonLine, sendJsonLine } from './lines.ts';

/**
 * Goes to the agent and back twice for each call: as often as a task goes from one process to another on its way
 * through the orchestrator. What that takes is what the machine takes, whatever is sent.
 */
export async function start({ address }: { address: string }): Promise<Role> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const waiting: ((answer: Payload) => void)[] = [];
  onJsonLine<Payload>(socket, (answer) => waiting.shift()?.(answer));
  const roundTrip = (payload: Payload) =>
    new Promise<Payload>((resolve) => {
      waiting.push(resolve);
      sendJsonLine(socket, payload);
    });
  return clientRole(async (payload) => {
    await roundTrip(payload);
    return roundTrip(payload);
  });
}
