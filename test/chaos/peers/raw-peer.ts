import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../../services/rpc/address.ts';
import { Flag, FRAME_HEAD, frame, HELLO, Kind } from './frames.ts';

/** A frame that the server sent. */
export interface SeenFrame {
  readonly kind: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** How a raw peer behaves. */
export interface RawPeerOptions {
  /** Called with each frame that comes; without it, what comes is read and dropped. */
  onFrame?: (frame: SeenFrame) => void;
  /** Whether it begins as HTTP/2 does, acknowledges SETTINGS and makes room for what it has read. Default: true. */
  speaksHttp2?: boolean;
}

/** A peer that writes to its socket whatever it is told to, HTTP/2 or not. */
export class RawPeer {
  /** Settles when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly socket: Socket;
  #arrived: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, options: RawPeerOptions) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {});
    const { onFrame = () => {}, speaksHttp2 = true } = options;
    if (!speaksHttp2) {
      socket.resume();
      return;
    }
    socket.write(HELLO);
    socket.on('data', (bytes) => {
      this.#arrived = Buffer.concat([this.#arrived, bytes]);
      for (let seen = this.#next(); seen; seen = this.#next()) {
        if (seen.kind === Kind.SETTINGS && (seen.flags & Flag.ACK) === 0) {
          socket.write(frame(Kind.SETTINGS, Flag.ACK, 0));
        }
        if (seen.kind === Kind.DATA && seen.payload.length > 0) socket.write(this.#more(seen));
        onFrame(seen);
      }
    });
  }

  /** Connects to `host:port`. */
  static async open(address: string, options: RawPeerOptions = {}): Promise<RawPeer> {
    const parsed = parseAddress(address, { minPort: 1, defaultHost: '127.0.0.1' });
    if ('violation' in parsed) throw new Error(parsed.violation);
    const socket = connect({ ...parsed, noDelay: true });
    const peer = new RawPeer(socket, options);
    await once(socket, 'connect');
    return peer;
  }

  /** Whether the connection still stands. */
  get open(): boolean {
    return !this.socket.destroyed && this.socket.writable;
  }

  /** Writes, and waits until there is room for more or the connection is over. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.open || this.socket.write(bytes)) return;
    await Promise.race([once(this.socket, 'drain'), this.closed]).catch(() => {});
  }

  /** Ends the connection at once. */
  close(): void {
    this.socket.destroy();
  }

  /** Room for as much as a DATA frame took, on its stream and on the connection. */
  #more({ stream, payload }: SeenFrame): Buffer {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(payload.length);
    return Buffer.concat([0, stream].map((of) => frame(Kind.WINDOW_UPDATE, Flag.NONE, of, size)));
  }

  #next(): SeenFrame | undefined {
    const bytes = this.#arrived;
    if (bytes.length < FRAME_HEAD) return undefined;
    const end = FRAME_HEAD + bytes.readUIntBE(0, 3);
    if (bytes.length < end) return undefined;
    this.#arrived = bytes.subarray(end);
    return {
      kind: bytes.readUInt8(3),
      flags: bytes.readUInt8(4),
      stream: bytes.readUInt32BE(5) & 0x7fff_ffff,
      payload: bytes.subarray(FRAME_HEAD, end),
    };
  }
}
