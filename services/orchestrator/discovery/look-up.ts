import { lookup, resolveSrv } from 'node:dns/promises';
import { formatAddress, parseAddress } from '../../rpc/address.ts';
import { Code } from '../../rpc/code.ts';
import { RpcError } from '../../rpc/rpc-error.ts';

/** Asks DNS. Both reject where there is no answer. */
export interface Resolver {
  /** All IP addresses of a host. */
  addresses(host: string): Promise<string[]>;
  /** The targets of an SRV record. */
  targets(name: string): Promise<{ name: string; port: number }[]>;
}

/**
 * Asks as this machine is set up to: for hosts with its own resolver, `/etc/hosts` included; for SRV its DNS
 * servers.
 */
export const systemResolver: Resolver = {
  async addresses(host) {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  },
  targets: resolveSrv,
};

/**
 * The addresses behind a name, each once: of `host:port` every IP address of the host, with the port; of a
 * name that begins with `_` (`_grpc._tcp.agents.local`) the hosts and ports of its SRV record. Rejects where
 * the look-up fails.
 */
export async function lookUp(name: string, resolver: Resolver): Promise<Set<string>> {
  const found = name.startsWith('_') ? await targets(name, resolver) : await addresses(name, resolver);
  return new Set(found);
}

async function addresses(name: string, resolver: Resolver): Promise<string[]> {
  const wanted = parseAddress(name);
  if ('violation' in wanted) throw new RpcError(Code.INVALID_ARGUMENT, wanted.violation);
  const hosts = await resolver.addresses(wanted.host);
  return hosts.map((host) => formatAddress({ host, port: wanted.port }));
}

async function targets(name: string, resolver: Resolver): Promise<string[]> {
  const records = await resolver.targets(name);
  return records
    .map((record) => ({ host: record.name.replace(/\.$/, ''), port: record.port }))
    .filter(({ host }) => host !== '') // The target `.` says that there is no such service (RFC 2782).
    .map(formatAddress);
}
