import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Carrier } from './carrier.ts';
import type { Treatment } from './treatment.ts';

/** How often connections are drawn lots for, in milliseconds. */
const LOT_MS = 100;
/** What is answered where `accept` is `garbage`: no frame of HTTP/2, and no record of TLS. */
const GARBAGE = Buffer.from('\0\xff\x16 this is neither HTTP/2 nor TLS \x7f\r\n\r\n', 'latin1');

/** A connection to the proxy. */
interface Connection {
  dialler: Socket;
  /** The two ways; none where it is not passed on. */
  carriers: readonly Carrier[];
  /** Whether it is dead without a word, whatever becomes of the others. */
  stranded: boolean;
}

/** A TCP proxy on loopback that treats badly what it carries, as it is told. */
export class TcpProxy {
  /** Where it listens, `host:port`. */
  readonly address: string;
  /** How many connections were opened to it. */
  opened = 0;
  /** When it cut connections by lot, in milliseconds of `performance.now()`; one entry for each connection. */
  readonly cutsAt: number[] = [];
  readonly #random: () => number;
  readonly #server: Server;
  #target: string;
  readonly #connections = new Set<Connection>();
  readonly #lots: NodeJS.Timeout;
  #treatment: Treatment = {};

  private constructor(server: Server, target: string, random: () => number) {
    this.#random = random;
    this.#server = server;
    this.#target = target;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => this.#take(socket));
    this.#lots = setInterval(() => this.#drawLots(), LOT_MS).unref();
  }

  /**
   * Listens on a free port, and carries to `target`, `host:port`; without one it refuses. Passes all on until told
   * otherwise. `random` draws the lots for cuts.
   */
  static async start(target = '', random: () => number = Math.random): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target, random);
  }

  /** Carries new connections to `target`, `host:port`. */
  leadTo(target: string): void {
    this.#target = target;
  }

  /** From now on, what it carries on connections old and new is treated like this, and in no other way. */
  treat(treatment: Treatment): void {
    this.#treatment = treatment;
    for (const { carriers, stranded } of this.#connections) {
      if (!stranded) for (const carrier of carriers) carrier.treat(treatment);
    }
  }

  /** Lets nothing arrive any more on the connections that there are, as where a node is gone; new ones are carried. */
  strand(): void {
    for (const connection of this.#connections) {
      connection.stranded = true;
      for (const carrier of connection.carriers) carrier.treat({ hold: 'both' });
    }
  }

  /** Resets every connection. */
  cut(): void {
    for (const { dialler } of this.#connections) dialler.resetAndDestroy();
  }

  /** Takes no more connections, and resets those that there are. */
  close(): void {
    clearInterval(this.#lots);
    this.#server.close();
    for (const connection of this.#connections) connection.stranded = false;
    this.treat({});
    this.cut();
  }

  #take(dialler: Socket): void {
    this.opened++;
    settle(dialler);
    const { accept = 'pass' } = this.#treatment;
    if (accept === 'refuse' || (accept === 'pass' && this.#target === ''))
      return void dialler.resetAndDestroy();
    const carriers = accept === 'pass' ? this.#carry(dialler) : [];
    const connection: Connection = { dialler, carriers, stranded: false };
    this.#connections.add(connection);
    dialler.on('close', () => this.#forget(connection));
    if (accept === 'pass') return;
    dialler.resume();
    if (accept === 'garbage') dialler.write(GARBAGE);
  }

  #carry(dialler: Socket): Carrier[] {
    const [host = '', port] = this.#target.split(':');
    const dialled = connect({ host, port: Number(port), allowHalfOpen: true });
    settle(dialled);
    return [
      new Carrier(dialler, dialled, 'from-dialler', this.#treatment),
      new Carrier(dialled, dialler, 'from-dialled', this.#treatment),
    ];
  }

  /** One whose other half does not know yet that it has ended is kept until it does. */
  #forget(connection: Connection): void {
    if (!this.#treatment.hold && !connection.stranded) this.#connections.delete(connection);
  }

  #drawLots(): void {
    const { cutPerSecond = 0 } = this.#treatment;
    if (cutPerSecond === 0) return;
    const chance = 1 - (1 - cutPerSecond) ** (LOT_MS / 1000);
    for (const { dialler } of this.#connections) {
      if (this.#random() >= chance) continue;
      this.cutsAt.push(performance.now());
      dialler.resetAndDestroy();
    }
  }
}

function settle(socket: Socket): void {
  // A reset is what a cut looks like; the other half hears of it by 'close'.
  socket.setNoDelay().on('error', () => {});
}
