import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/**
 * A TCP forwarder in front of members, like the address of a service: where new connections lead can be
 * changed.
 */
export interface Switch {
  /** Where it listens. */
  readonly address: string;
  /** Lets new connections lead to `address`; those that stand stay. */
  lead(address: string): void;
  /** How many connections stand. */
  readonly connections: number;
  close(): void;
}

/** Starts a switch that leads to `address`. */
export async function startSwitch(address: string): Promise<Switch> {
  let target = address;
  const sockets = new Set<{ destroy(): void }>();
  let standing = 0;
  const server = createServer((near) => {
    standing += 1;
    near.on('close', () => {
      standing -= 1;
    });
    const colon = target.lastIndexOf(':');
    const far = connect(Number(target.slice(colon + 1)), target.slice(0, colon));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (next) => {
      target = next;
    },
    get connections() {
      return standing;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
