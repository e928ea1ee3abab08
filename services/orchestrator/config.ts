import { commaList } from '../rpc/comma-list.ts';
import { type Logger, silent } from '../rpc/log.ts';

/** How an orchestrator is run. */
export interface OrchestratorOptions {
  /** Where it listens, `host:port`; port 0 takes a free one. Default: `127.0.0.1:50051`. */
  listen?: string;
  /** Addresses of instances, `host:port`, that are always looked after. Default: none. */
  static?: readonly string[];
  /** DNS names with a port, or SRV names that begin with `_`, looked up every 5 s. Default: none. */
  dns?: readonly string[];
  /** How long an instance stays without renewing its lease, in milliseconds. Default: 15,000. */
  leaseMs?: number;
  /** How long an instance that cannot be reached stays on the roster, in milliseconds. Default: 60,000. */
  offlineGraceMs?: number;
  /** Whether the message log keeps payloads. Default: false. */
  logPayloads?: boolean;
  /**
   * Where its HTTP door listens, `host:port`: the same services as JSON, Connect and gRPC-Web. Default: there is
   * no such door.
   */
  http?: string;
  /** The origins whose pages may call through it, or `*` for any. Default: none. */
  httpOrigins?: readonly string[];
  /** Where it logs. Default: nowhere. */
  log?: Logger;
}

/** The options with every default filled in. */
export function withDefaults(options: OrchestratorOptions): Required<OrchestratorOptions> {
  return {
    listen: options.listen ?? '127.0.0.1:50051',
    static: options.static ?? [],
    dns: options.dns ?? [],
    leaseMs: options.leaseMs ?? 15_000,
    offlineGraceMs: options.offlineGraceMs ?? 60_000,
    logPayloads: options.logPayloads ?? false,
    http: options.http ?? '',
    httpOrigins: options.httpOrigins ?? [],
    log: options.log ?? silent,
  };
}

/**
 * The options that an environment holds: TROUPE_LISTEN, TROUPE_STATIC and TROUPE_DNS (comma between),
 * TROUPE_LOG_PAYLOADS (`1` or `true`), TROUPE_HTTP (`host:port`, or `off`) and TROUPE_HTTP_ORIGINS (comma
 * between).
 */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): OrchestratorOptions {
  return {
    listen: env.TROUPE_LISTEN || undefined,
    static: commaList(env.TROUPE_STATIC),
    dns: commaList(env.TROUPE_DNS),
    logPayloads: env.TROUPE_LOG_PAYLOADS === '1' || env.TROUPE_LOG_PAYLOADS === 'true',
    http: env.TROUPE_HTTP === 'off' ? '' : env.TROUPE_HTTP,
    httpOrigins: commaList(env.TROUPE_HTTP_ORIGINS),
  };
}
