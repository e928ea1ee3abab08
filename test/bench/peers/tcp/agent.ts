import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Role } from '../../../processes/role.ts';
import { answerTo, type Payload } from '../../load/payload.ts';
import { onJsonLine, sendJsonLine } from './lines.ts';

/** Answers lines of JSON over bare TCP: no protocol, no library. */
export async function start(): Promise<Role> {
  const server = createServer((socket) =>
    onJsonLine<Payload>(socket, (payload) => sendJsonLine(socket, answerTo(payload))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { ready: { address: `127.0.0.1:${(server.address() as AddressInfo).port}` } };
}
