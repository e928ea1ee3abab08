import { Flag, frame, Kind } from './frames.ts';
import { RawPeer } from './raw-peer.ts';

/** How a call ended: the stream was ended or reset, the connection was, or nothing came in time. */
export type End = 'answered' | 'cut' | 'silence';

/** How many calls one connection is used for, so that what it gathers does not add up. */
const CALLS_PER_CONNECTION = 200;

/** Calls with requests that are any bytes, over connections that are made anew when one was lost. */
export class RawCaller {
  readonly #address: string;
  readonly #callsPerConnection: number;
  readonly #ends = new Map<number, (end: End) => void>();
  #peer: Promise<RawPeer> | undefined;
  #calls = 0;

  constructor(address: string, callsPerConnection = CALLS_PER_CONNECTION) {
    this.#address = address;
    this.#callsPerConnection = callsPerConnection;
  }

  /** Begins a call with a header block, sends frames made for its stream, and waits for its end. */
  async call(headers: Buffer, body: (stream: number) => Buffer[], withinMs: number): Promise<End> {
    const peer = await this.#connected();
    const stream = 2 * this.#calls++ + 1;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.#ends.set(stream, resolve);
    const timer = setTimeout(() => resolve('silence'), withinMs);
    await peer.write(
      Buffer.concat([frame(Kind.HEADERS, Flag.END_HEADERS, stream, headers), ...body(stream)]),
    );
    const end = await promise;
    clearTimeout(timer);
    this.#ends.delete(stream);
    return end;
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    (await this.#peer)?.close();
  }

  async #connected(): Promise<RawPeer> {
    const peer = await this.#peer;
    if (peer?.open && this.#calls < this.#callsPerConnection) return peer;
    peer?.close();
    await peer?.closed;
    this.#calls = 0;
    this.#peer = RawPeer.open(this.#address, {
      onFrame: ({ kind, flags, stream }) => {
        const ended = (kind === Kind.HEADERS || kind === Kind.DATA) && (flags & Flag.END_STREAM) !== 0;
        if (ended || kind === Kind.RST_STREAM) this.#ends.get(stream)?.('answered');
      },
    });
    const opened = await this.#peer;
    void opened.closed.then(() => {
      for (const end of this.#ends.values()) end('cut');
    });
    return opened;
  }
}
