import { expect, it } from 'vitest';
import { fromEnvironment, withDefaults } from '../../services/orchestrator/config.ts';

it('an empty environment means the defaults', () => {
  expect(withDefaults(fromEnvironment({}))).toMatchObject({
    listen: '127.0.0.1:50051',
    static: [],
    dns: [],
    leaseMs: 15_000,
    offlineGraceMs: 60_000,
    logPayloads: false,
  });
});

it('addresses and names stand in the environment with commas between', () => {
  const options = fromEnvironment({
    TROUPE_LISTEN: '0.0.0.0:1',
    TROUPE_STATIC: 'one:1, two:2,',
    TROUPE_DNS: 'agents:3 ,_grpc._tcp.agents',
    TROUPE_LOG_PAYLOADS: 'true',
  });
  expect(options).toMatchObject({
    listen: '0.0.0.0:1',
    static: ['one:1', 'two:2'],
    dns: ['agents:3', '_grpc._tcp.agents'],
    logPayloads: true,
  });
});

it.each([
  ['1', true],
  ['true', true],
  ['0', false],
  ['', false],
  [undefined, false],
])('TROUPE_LOG_PAYLOADS=%s means %s', (text, expected) => {
  expect(fromEnvironment({ TROUPE_LOG_PAYLOADS: text }).logPayloads).toBe(expected);
});
