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
    log: options.log ?? silent,
  };
}

/**
 * The options that an environment holds: TROUPE_LISTEN, TROUPE_STATIC and TROUPE_DNS (comma between), TROUPE_LOG_PAYLOADS (`1` or
 * `true`).
 */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): OrchestratorOptions {
  return {
    listen: env.TROUPE_LISTEN,
    static: list(env.TROUPE_STATIC),
    dns: list(env.TROUPE_DNS),
    logPayloads: env.TROUPE_LOG_PAYLOADS === '1' || env.TROUPE_LOG_PAYLOADS === 'true',
  };
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
