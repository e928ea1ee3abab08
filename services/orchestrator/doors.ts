import { RpcServer, type ServiceBinding } from '../rpc/server.ts';
import type { OrchestratorOptions } from './config.ts';

/** What an orchestrator is reached through: gRPC always, and HTTP where it is asked for. Left as one. */
export interface Doors {
  /** Where gRPC is served, `host:port`. */
  readonly address: string;
  /** Where HTTP is served, `host:port`; nothing where it is not. */
  readonly http: string | undefined;
  /** Drains both at once: see RpcServer. */
  drain(graceMs?: number): Promise<void>;
  /** Closes both at once. */
  close(): Promise<void>;
}

/** Serves the same implementations at every door. Fails UNAVAILABLE where one of them cannot be listened at. */
export async function openDoors(
  services: readonly ServiceBinding[],
  { listen, http, httpOrigins: allowedOrigins, log }: Required<OrchestratorOptions>,
): Promise<Doors> {
  const server = new RpcServer({ services, log });
  const address = await server.listen(listen);
  if (http === '') {
    return { address, http: undefined, drain: (ms) => server.drain(ms), close: () => server.close() };
  }
  try {
    // Connect takes memory and time to load, which only those pay who want it.
    const { EdgeServer } = await import('../edge/edge-server.ts');
    const edge = new EdgeServer({ services, log, allowedOrigins });
    return {
      address,
      http: await edge.listen(http),
      async drain(ms) {
        await Promise.all([server.drain(ms), edge.drain(ms)]);
      },
      async close() {
        await Promise.all([server.close(), edge.close()]);
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
