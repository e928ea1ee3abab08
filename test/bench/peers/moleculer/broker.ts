/** The part of `moleculer` that is used here; the package stands in test/bench/package.json alone. */
export interface Broker {
  createService(service: {
    name: string;
    actions: Record<string, (context: { params: never }) => unknown>;
  }): unknown;
  start(): Promise<void>;
  waitForServices(names: string, timeoutMs: number): Promise<unknown>;
  call<T>(action: string, params: unknown): Promise<T>;
  /** Where its transporter is; over TCP it listens at `tx.opts.port`. */
  transit: { tx: { opts: { port?: number } } };
}

/** How a broker reaches others: a URL, or a kind with options. */
export type Transporter = string | { type: string; options: Record<string, unknown> };

/** Makes a broker: everything as it is by default, but quiet. */
export async function createBroker(nodeID: string, transporter: Transporter): Promise<Broker> {
  const { default: moleculer } = await import('moleculer' as string);
  return new moleculer.ServiceBroker({ nodeID, transporter, logger: false });
}

/** TCP to the nodes at `urls`, without looking for others by UDP. */
export function tcp(urls: readonly string[]): Transporter {
  return { type: 'TCP', options: { udpDiscovery: false, useHostname: false, urls } };
}
