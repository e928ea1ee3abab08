import { describe, expect, it } from 'vitest';
import { type AddressOptions, formatAddress, parseAddress, peerHost } from '../../services/rpc/address.ts';

describe('an address', () => {
  it.each<[string, string, AddressOptions?]>([
    ['agent-1:50051', 'agent-1:50051'],
    ['Agent.Example.COM:1', 'agent.example.com:1'],
    ['my_container:65535', 'my_container:65535'],
    ['10.0.0.7:50051', '10.0.0.7:50051'],
    ['[::1]:50051', '[::1]:50051'],
    ['[2001:DB8:0:0::1]:50051', '[2001:db8::1]:50051'],
    ['[::ffff:127.0.0.1]:50051', '127.0.0.1:50051'],
    ['[::FFFF:7f00:1]:50051', '127.0.0.1:50051'],
    ['[fe80::1%eth0]:50051', '[fe80::1%eth0]:50051'],
    [':50051', '10.0.0.7:50051', { defaultHost: '10.0.0.7' }],
    [':50051', '[::1]:50051', { defaultHost: '::1' }],
    ['127.0.0.1:0', '127.0.0.1:0', { minPort: 0 }],
  ])('%s is read as %s', (text, normalised, options) => {
    const address = parseAddress(text, options);
    expect(address).not.toHaveProperty('violation');
    if ('violation' in address) return;
    expect(formatAddress(address)).toBe(normalised);
    expect(parseAddress(normalised, options)).toEqual(address);
  });

  it.each<[string, RegExp, AddressOptions?]>([
    ['', /write host:port/],
    ['agent-1', /write host:port/],
    ['agent-1:', /write host:port/],
    ['agent-1:http', /write host:port/],
    ['agent-1:-1', /write host:port/],
    ['agent-1:123456', /write host:port/],
    ['http://agent-1:80', /write host:port/],
    ['::1:50051', /IPv6 host in brackets/],
    [' agent-1:50051', /no name and no IP address/],
    ['agent-1:0', /port that is not 1 to 65535/],
    ['agent-1:65536', /port that is not 1 to 65535/],
    ['agent-1:65536', /port that is not 0 to 65535/, { minPort: 0 }],
    [':50051', /names no host/],
    ['[]:50051', /no name and no IP address/, { defaultHost: '10.0.0.7' }],
    ['[agent-1]:50051', /no name and no IP address/],
    ['10.0.0.256:50051', /no name and no IP address/],
    ['10.0.0:50051', /no name and no IP address/],
    ['-agent:50051', /no name and no IP address/],
    ['agent..one:50051', /no name and no IP address/],
    [`${'a'.repeat(64)}:50051`, /no name and no IP address/],
    [`${'a.'.repeat(127)}a:50051`, /no name and no IP address/],
  ])('%j is refused with a text that says what is wrong', (text, says, options) => {
    expect(parseAddress(text, options)).toEqual({ violation: expect.stringMatching(says) });
  });

  it('is quoted in its violation at most 100 characters long, and well-formed', () => {
    const { violation } = parseAddress(`${'x'.repeat(99)}😀${'y'.repeat(5_000)}`) as { violation: string };
    expect(violation.length).toBeLessThan(200);
    expect(violation.isWellFormed()).toBe(true);
  });
});

describe("a peer's host", () => {
  it.each([
    ['10.0.0.7:50172', '10.0.0.7'],
    ['::ffff:10.0.0.7:50172', '10.0.0.7'],
    ['::1:50172', '::1'],
    ['2001:db8::1:50172', '2001:db8::1'],
    ['[2001:db8::1]:50172', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['10.0.0.7', '10.0.0.7'],
    ['unknown', undefined],
    ['', undefined],
  ])('is, of %j, %j', (peer, host) => {
    expect(peerHost(peer)).toBe(host);
  });
});
