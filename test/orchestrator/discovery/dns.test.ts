import { lookup } from 'node:dns/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { DnsDiscovery } from '../../../services/orchestrator/discovery/dns.ts';
import type { Resolver } from '../../../services/orchestrator/discovery/look-up.ts';
import { silent } from '../../../services/rpc/log.ts';
import { sightings } from './sightings.ts';

type Answers<T> = Record<string, T[] | Error>;

/** A zone whose answers a test changes as it goes along. */
function zone(hosts: Answers<string>, services: Answers<{ name: string; port: number }> = {}) {
  const answer = async <T>(answers: Answers<T>, name: string): Promise<T[]> => {
    const found = answers[name] ?? new Error(`ENOTFOUND ${name}`);
    if (found instanceof Error) throw found;
    return found;
  };
  const resolver: Resolver = {
    addresses: (host) => answer(hosts, host),
    targets: (name) => answer(services, name),
  };
  return { hosts, services, resolver };
}

const open: DnsDiscovery[] = [];
afterEach(() => {
  for (const discovery of open.splice(0)) discovery.close();
});

function discover(names: string[], resolver?: Resolver, log = silent) {
  const seen = sightings();
  const discovery = new DnsDiscovery({ names, log, intervalMs: 5, ...(resolver && { resolver }) });
  open.push(discovery);
  discovery.start(seen.sink);
  return { ...seen, discovery };
}

describe('DNS discovery', () => {
  it('finds every address of a host, with the port', async () => {
    const { resolver } = zone({ agents: ['10.0.0.1', '2001:db8::1'] });
    const { first } = discover(['agents:50051'], resolver);
    expect(await first(2)).toEqual(['found 10.0.0.1:50051 DNS', 'found [2001:db8::1]:50051 DNS']);
  });

  it('finds the targets of an SRV record, and none where its target is the root', async () => {
    const { resolver } = zone(
      {},
      {
        '_grpc._tcp.agents': [
          { name: 'one.agents.', port: 1 },
          { name: 'two.agents', port: 2 },
        ],
        '_none._tcp.agents': [{ name: '', port: 0 }],
      },
    );
    const { first } = discover(['_none._tcp.agents', '_grpc._tcp.agents'], resolver);
    expect(await first(2)).toEqual(['found one.agents:1 DNS', 'found two.agents:2 DNS']);
  });

  it('looks names up again, and tells only what changed', async () => {
    const { hosts, resolver } = zone({ agents: ['10.0.0.1', '10.0.0.2'] });
    const { first, lines } = discover(['agents:1'], resolver);
    await first(2);
    hosts.agents = ['10.0.0.2', '10.0.0.3'];
    await first(4);
    expect(lines.slice(2)).toEqual(['found 10.0.0.3:1 DNS', 'gone 10.0.0.1:1 DNS']);
  });

  it('keeps what a name last had while its look-up fails, and logs that once', async () => {
    const logged: { level: number; name: string; error?: string }[] = [];
    let failures = 0;
    const log = pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line)) });
    const { hosts, resolver } = zone({ agents: ['10.0.0.1'] });
    const failedTwice = Promise.withResolvers<void>();
    const counting: Resolver = {
      ...resolver,
      addresses: (host) =>
        resolver.addresses(host).catch((error) => {
          failures += 1;
          if (failures === 3) failedTwice.resolve();
          throw error;
        }),
    };
    const { first } = discover(['agents:1'], counting, log);
    await first(1);
    hosts.agents = new Error('SERVFAIL');
    await failedTwice.promise;
    hosts.agents = ['10.0.0.2'];
    expect(await first(3)).toEqual(['found 10.0.0.1:1 DNS', 'found 10.0.0.2:1 DNS', 'gone 10.0.0.1:1 DNS']);
    expect(logged).toMatchObject([
      { level: 40, name: 'agents:1', error: 'SERVFAIL' },
      { level: 30, name: 'agents:1' },
    ]);
  });

  it('tells an address that two names share once, and as gone when both have lost it', async () => {
    const { hosts, resolver } = zone({ old: ['10.0.0.1'], new: ['10.0.0.1', '10.0.0.2'] });
    const { first, lines } = discover(['old:1', 'new:1'], resolver);
    await first(2);
    hosts.old = ['10.0.0.3'];
    await first(3);
    hosts.new = ['10.0.0.2', '10.0.0.4'];
    await first(5);
    expect(lines).toEqual([
      'found 10.0.0.1:1 DNS',
      'found 10.0.0.2:1 DNS',
      'found 10.0.0.3:1 DNS',
      'found 10.0.0.4:1 DNS',
      'gone 10.0.0.1:1 DNS',
    ]);
  });

  it('looks up one name while another does not answer, and logs one that is no host:port', async () => {
    const { resolver } = zone({ agents: ['10.0.0.1'] });
    const logged = Promise.withResolvers<string>();
    const log = pino({ base: null }, { write: (line: string) => logged.resolve(line) });
    const stuck: Resolver = {
      ...resolver,
      addresses: (host) => (host === 'stuck' ? new Promise(() => {}) : resolver.addresses(host)),
    };
    const { first } = discover(['stuck:1', 'nonsense', 'agents:1'], stuck, log);
    expect(await first(1)).toEqual(['found 10.0.0.1:1 DNS']);
    expect(await logged.promise).toContain('write host:port');
  });

  it('tells nothing more once it is closed, not even of a look-up under way', async () => {
    const answer = Promise.withResolvers<string[]>();
    const { resolver } = zone({});
    const { discovery, lines } = discover(['agents:1'], { ...resolver, addresses: () => answer.promise });
    discovery.close();
    answer.resolve(['10.0.0.1']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual([]);
  });

  it('asks the resolver of this machine by default', async () => {
    const expected = await lookup('localhost', { all: true });
    const { first } = discover(['localhost:50051']);
    const found = await first(expected.length);
    expect(found).toEqual(
      expected.map(({ address, family }) => `found ${family === 6 ? `[${address}]` : address}:50051 DNS`),
    );
  });
});
