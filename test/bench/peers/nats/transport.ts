/** The part of `@nats-io/transport-node` that is used here; the package stands in test/bench/package.json alone. */
export interface Nats {
  connect(options: { servers: string }): Promise<Connection>;
}

/** A connection to a NATS server. */
export interface Connection {
  request(subject: string, data: string, options: { timeout: number }): Promise<Message>;
  subscribe(subject: string, options: { callback: (error: Error | null, message: Message) => void }): unknown;
}

/** A message, as it was received. */
export interface Message {
  json<T>(): T;
  respond(data: string): boolean;
}

/** Loads it. */
export async function loadNats(): Promise<Nats> {
  return import('@nats-io/transport-node' as string);
}
