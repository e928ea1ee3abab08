import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { describeFailure } from '../orchestrator/test-mesh.ts';
import { seededRandom } from '../policy/simulation.ts';

/** What the members of a mesh reach each other through. */
export interface NetworkKind {
  name: string;
  /** The probability with which each connection is cut in a second. */
  cutPerSecond: number;
}

/**
 * The networks that every scenario passes through. A scenario has some 3 to 11 connections for 1 to 5 s: at 5 % per
 * second, cuts of -ln 0.95 = 0.051 per second and connection, many a one sees none. The third network has ten times as
 * many (1 - 0.95 ^ 10 = 40 % per second), so that 2 s of it are worth 20 s of the second.
 */
export const NETWORKS: readonly NetworkKind[] = [
  { name: 'a network that holds', cutPerSecond: 0 },
  { name: 'a network that cuts each connection with a probability of 5 % per second', cutPerSecond: 0.05 },
  { name: 'a network that cuts ten times as much', cutPerSecond: 1 - 0.95 ** 10 },
];

/** TEST_SEED=7 draws other lots; a run with the same seed cuts after the same times. */
const SEED = Number(process.env.TEST_SEED ?? 1);

/**
 * How long after a cut its effects may be seen, in milliseconds: an address that was lost is dialled again within 1
 * s.
 */
const EFFECT_MS = 3000;
/** How long a caller waits before it asks again, in milliseconds. */
const AGAIN_MS = 50;
/** How often it asks at most: a cut explains only so much. */
const MOST_ASKS = 50;

/**
 * What may be heard of a cut: that the work may have been done, or that nobody can be reached; from a plain gRPC call
 * without a reason, since none of the mesh's own code is left to give one.
 */
const HEARD_OF_CUTS: ReadonlySet<string> = new Set([
  'UNAVAILABLE / INSTANCE_LOST',
  'UNAVAILABLE / NO_LIVE_INSTANCE',
  'UNAVAILABLE / STEP_FAILED',
  'UNAVAILABLE',
]);

/** The connections of one mesh, each through a proxy of its own where the network cuts. */
export class Network {
  readonly kind: NetworkKind;
  readonly #proxies: TcpProxy[] = [];
  #doors = 0;

  constructor(kind: NetworkKind) {
    this.kind = kind;
  }

  /** Whether it cuts at all. */
  get cutting(): boolean {
    return this.kind.cutPerSecond > 0;
  }

  /** How many connections it has cut. */
  get cuts(): number {
    return this.#proxies.reduce((sum, { cutsAt }) => sum + cutsAt.length, 0);
  }

  /** The address by which `target` is reached. */
  async to(target: string): Promise<string> {
    return this.cutting ? (await this.door(target)).address : target;
  }

  /** A proxy, which may be told later where it leads. */
  async door(target = ''): Promise<TcpProxy> {
    const proxy = await TcpProxy.start(target, seededRandom(SEED * 1000 + this.#doors++));
    proxy.treat({ cutPerSecond: this.kind.cutPerSecond });
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Whether a failure, `CODE / REASON`, of what began at `since` may be the effect of a cut. */
  explains(failure: string, since: number): boolean {
    return HEARD_OF_CUTS.has(failure) && this.hasCut(since);
  }

  /** Whether what has been seen since then may be the effect of a cut. */
  hasCut(since: number): boolean {
    return this.#proxies.some(({ cutsAt }) => cutsAt.some((at) => at >= since - EFFECT_MS));
  }

  /**
   * Asks as the caller of something idempotent does: again, as long as cuts explain why it failed. What throws anything
   * but an RpcError looks at what any cut changes for a while, such as the roster.
   */
  async sure<T>(ask: () => Promise<T>): Promise<T> {
    for (let nth = 1; ; nth++) {
      const since = performance.now();
      try {
        return await ask();
      } catch (thrown) {
        const isExplained =
          thrown instanceof RpcError ? this.explains(describeFailure(thrown), since) : this.hasCut(since);
        if (!isExplained || nth === MOST_ASKS) throw thrown;
        await sleep(AGAIN_MS);
      }
    }
  }

  /** Cuts what is left. */
  close(): void {
    for (const proxy of this.#proxies) proxy.close();
  }
}
