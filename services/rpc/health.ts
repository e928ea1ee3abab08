import { type Health, HealthCheckResponse_ServingStatus } from '../../gen/grpc/health/v1/health_pb.js';
import { Code } from './code.ts';
import type { Handlers } from './handlers.ts';
import { RpcError } from './rpc-error.ts';

/** How a service is: `SERVING`, `NOT_SERVING`, `UNKNOWN`, and to watchers of an unknown one `SERVICE_UNKNOWN`. */
export const ServingStatus = HealthCheckResponse_ServingStatus;
export type ServingStatus = HealthCheckResponse_ServingStatus;

/** How many services List tells of; with more it ends with RESOURCE_EXHAUSTED. The bound of grpc-go. */
const MAX_LISTED = 100;

/** The health of a server and its services, and the `grpc.health.v1.Health` that tells of it. */
export interface HealthOwner {
  /** The service to be served. */
  readonly handlers: Handlers<typeof Health>;
  /** Says how `service` is from now on; `''` is the server as a whole. Without effect after `shutdown`. */
  set(service: string, status: ServingStatus): void;
  /**
   * Turns everything NOT_SERVING for good. Watchers are told; their streams stay open until the server drains, so
   * that the news arrives before the end.
   */
  shutdown(): void;
}

/**
 * The health of one server. As a whole it is SERVING from the start; of other services nothing is known until `set`.
 * A watcher that reads slowly is told the latest status only, so nothing is queued for it.
 */
export function createHealth(): HealthOwner {
  const statuses = new Map<string, ServingStatus>([['', ServingStatus.SERVING]]);
  const watchers = new Set<() => void>();
  let down = false;

  const handlers: Handlers<typeof Health> = {
    check({ service }) {
      const status = statuses.get(service);
      if (status !== undefined) return { status };
      throw new RpcError(
        Code.NOT_FOUND,
        `No service is called "${service}" here. List names those that are; "" is the server as a whole.`,
      );
    },

    async *watch({ service }, { signal, draining }) {
      const ending = AbortSignal.any([signal, draining]);
      let told: ServingStatus | undefined;
      while (true) {
        const status = statuses.get(service) ?? ServingStatus.SERVICE_UNKNOWN;
        if (status !== told) {
          told = status;
          yield { status };
        } else if (signal.aborted) {
          throw RpcError.from(signal.reason);
        } else if (draining.aborted) {
          throw new RpcError(Code.UNAVAILABLE, 'The server is shutting down. Watch another instance.');
        } else {
          await nextChange(ending);
        }
      }
    },

    list() {
      if (statuses.size > MAX_LISTED) {
        throw new RpcError(
          Code.RESOURCE_EXHAUSTED,
          `${statuses.size} services are more than the ${MAX_LISTED} that List tells of. Check them by name.`,
        );
      }
      return {
        statuses: Object.fromEntries([...statuses].map(([service, status]) => [service, { status }])),
      };
    },
  };

  function nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      watchers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  function wakeWatchers() {
    for (const wake of [...watchers]) wake();
  }

  return {
    handlers,
    set(service, status) {
      if (down) return;
      statuses.set(service, status);
      wakeWatchers();
    },
    shutdown() {
      down = true;
      for (const service of statuses.keys()) statuses.set(service, ServingStatus.NOT_SERVING);
      wakeWatchers();
    },
  };
}
