import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Where something listens. */
export interface Address {
  /** An IPv4 or IPv6 address (without brackets) or a name, in lower case. */
  readonly host: string;
  /** A TCP port, 1 to 65,535; 0 only where `minPort` allows it. */
  readonly port: number;
}

/** Why a text is no address, in words for whoever wrote it. */
export interface MalformedAddress {
  readonly violation: string;
}

/** How an address is read. */
export interface AddressOptions {
  /** The host of `:port`. Default: none, so that an address has to name its host. */
  defaultHost?: string;
  /** The least port: 0 for an address to listen on, where it means any free one. Default: 1. */
  minPort?: 0 | 1;
}

/** Host and port: of a host without brackets the colon is the only one. */
const HOST_AND_PORT = /^(?:\[(?<bracketed>[^\]]*)\]|(?<bare>[^:[\]]*)):(?<port>\d{1,5})$/;

/**
 * Names of 1 to 63 characters with dots between them. `_` is not for hosts, but containers are named with it.
 */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/;

/**
 * Reads `host:port`, `[ipv6]:port`, or with a default host `:port`. The host comes out in one form: in lower
 * case, an IPv6 address in its short form, and one that stands for an IPv4 address (`::ffff:10.0.0.7`) as
 * that. A text that is no address gives a `violation`.
 */
export function parseAddress(text: string, options: AddressOptions = {}): Address | MalformedAddress {
  const { bracketed, bare, port: digits } = HOST_AND_PORT.exec(text)?.groups ?? {};
  if (digits === undefined) {
    return violation(text, 'is no address: write host:port, with an IPv6 host in brackets');
  }
  const port = Number(digits);
  const minPort = options.minPort ?? 1;
  if (port < minPort || port > 65_535) return violation(text, `has a port that is not ${minPort} to 65535`);

  const named = bracketed ?? bare;
  if (named === '' && bracketed === undefined) {
    if (options.defaultHost === undefined) return violation(text, 'names no host: write host:port');
    return { host: options.defaultHost, port };
  }
  const host = bracketed === undefined ? nameOrIPv4(bare ?? '') : canonicalIPv6(bracketed);
  return host === undefined
    ? violation(text, 'has a host that is no name and no IP address')
    : { host, port };
}

/** The address as text, an IPv6 host in brackets: what `parseAddress` reads and a channel dials. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * The host of a connection's far end, as sockets tell it: with a port or without, an IPv6 address without
 * brackets (`::ffff:10.0.0.7:50172`). Nothing where it is not an IP address, as of a Unix socket.
 */
export function peerHost(peer: string): string | undefined {
  const host = /^\[(.*)\](?::\d+)?$/.exec(peer)?.[1] ?? peer;
  // `::1:50172` is an IPv6 address as a whole too, so the last group is taken for the port first.
  return ipAddress(host.replace(/:\d+$/, '')) ?? ipAddress(host);
}

function ipAddress(text: string): string | undefined {
  return isIPv4(text) ? text : canonicalIPv6(text);
}

function nameOrIPv4(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const name = text.toLowerCase();
  // `10.0.0.256` is a slip, not a name: no top-level domain is a number.
  return HOST_NAME.test(name) && !/(?:^|\.)\d+\.?$/.test(name) ? name : undefined;
}

function canonicalIPv6(text: string): string | undefined {
  if (!isIPv6(text)) return undefined;
  const [bare = '', zone] = text.split('%');
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1];
  return mapped ?? (zone ? `${address}%${zone}` : address);
}

function violation(text: string, what: string): MalformedAddress {
  return { violation: `"${text.slice(0, 100).toWellFormed()}" ${what}` };
}
