import type { Socket } from 'node:net';
import { ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';

/** How grpc-js makes a connection of a socket. Its type is not exported. */
type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Target = Parameters<ChannelCredentials['_createSecureConnector']>[0];

const plain = credentials.createInsecure();

/**
 * The credentials of a connection without TLS that show its socket, and can cut it. grpc-js tells of a message when all
 * of it is there, and of a large one on a slow network that is seconds after its first bytes; and a connection that is
 * dead without a word it keeps until an HTTP/2 PING has not been answered.
 */
export class SocketWatch extends ChannelCredentials {
  #socket: Socket | undefined;

  /** How many bytes have come over the connection of the moment, or the last one; 0 before the first. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** Breaks the connection. */
  cut(): void {
    this.#socket?.destroy();
  }

  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(target: Target, options: ChannelOptions): Connector {
    const connector = plain._createSecureConnector(target, options);
    return {
      connect: (socket) => {
        this.#socket = socket;
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}
