import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A TCP server that takes connections, and never says a word. */
export async function silentServer() {
  const sockets: Socket[] = [];
  let told = () => {};
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).resume();
    told();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return {
    address: `127.0.0.1:${port}`,
    close,
    /** Settles when that many have connected. */
    async connections(count: number) {
      while (sockets.length < count) {
        await new Promise<void>((resolve) => {
          told = resolve;
        });
      }
    },
  };
}

/** An address at which nobody listens. */
export async function vacantAddress(): Promise<string> {
  const server = await silentServer();
  await server.close();
  return server.address;
}
