import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { HealthCheckRequestSchema, HealthListRequestSchema } from '../../gen/grpc/health/v1/health_pb.js';
import { Code } from '../../services/rpc/code.ts';
import { createHealth, type HealthOwner, ServingStatus } from '../../services/rpc/health.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { type Signals, testContext } from './call-context.ts';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

async function check(health: HealthOwner, service: string) {
  return await health.handlers.check(create(HealthCheckRequestSchema, { service }), testContext());
}

async function list(health: HealthOwner) {
  return await health.handlers.list(create(HealthListRequestSchema), testContext());
}

function watch(health: HealthOwner, service: string, signals: Signals = {}) {
  const stream = health.handlers.watch(create(HealthCheckRequestSchema, { service }), testContext(signals));
  return stream[Symbol.asyncIterator]();
}

const update = (status: ServingStatus) => ({ done: false, value: { status } });

describe('Check', () => {
  it('finds the server as a whole serving from the start', async () => {
    expect(await check(createHealth(), '')).toEqual({ status: SERVING });
  });

  it('tells the status that was set last', async () => {
    const health = createHealth();
    health.set('a.Service', SERVING);
    health.set('a.Service', NOT_SERVING);
    expect(await check(health, 'a.Service')).toEqual({ status: NOT_SERVING });
  });

  it('ends with NOT_FOUND for a service that nobody has spoken of', async () => {
    await expect(check(createHealth(), 'a.Service')).rejects.toMatchObject({ code: Code.NOT_FOUND });
  });
});

describe('List', () => {
  it('tells of every service', async () => {
    const health = createHealth();
    health.set('a.Service', NOT_SERVING);
    expect(await list(health)).toEqual({
      statuses: { '': { status: SERVING }, 'a.Service': { status: NOT_SERVING } },
    });
  });

  it('tells of 100 services and ends with RESOURCE_EXHAUSTED for one more', async () => {
    const health = createHealth();
    for (let i = 1; i < 100; i++) health.set(`service-${i}`, SERVING);
    expect(Object.keys((await list(health)).statuses ?? {})).toHaveLength(100);
    health.set('one-more', SERVING);
    await expect(list(health)).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });
});

describe('Watch', () => {
  it('tells the status now, then each change', async () => {
    const health = createHealth();
    const updates = watch(health, '');
    expect(await updates.next()).toEqual(update(SERVING));
    const next = updates.next();
    health.set('', NOT_SERVING);
    expect(await next).toEqual(update(NOT_SERVING));
  });

  it('tells of an unknown service that it is unknown, and of its status once there is one', async () => {
    const health = createHealth();
    const updates = watch(health, 'late.Service');
    expect(await updates.next()).toEqual(update(SERVICE_UNKNOWN));
    const next = updates.next();
    health.set('late.Service', SERVING);
    expect(await next).toEqual(update(SERVING));
  });

  it('says nothing when a status is set again or another service changes', async () => {
    const health = createHealth();
    const updates = watch(health, '');
    await updates.next();
    const next = updates.next();
    health.set('', SERVING);
    await Promise.resolve();
    health.set('another.Service', NOT_SERVING);
    await Promise.resolve();
    health.set('', NOT_SERVING);
    expect(await next).toEqual(update(NOT_SERVING));
  });

  it('tells a slow reader only the last of many changes', async () => {
    const health = createHealth();
    const updates = watch(health, 'a.Service');
    await updates.next();
    for (let i = 0; i < 1000; i++) health.set('a.Service', i % 2 ? SERVING : ServingStatus.UNKNOWN);
    health.set('a.Service', NOT_SERVING);
    expect(await updates.next()).toEqual(update(NOT_SERVING));
    const next = updates.next();
    health.set('a.Service', SERVING);
    expect(await next).toEqual(update(SERVING));
  });

  it('ends with the reason of its signal', async () => {
    const gone = new RpcError(Code.CANCELLED, 'The caller went away.');
    const caller = new AbortController();
    const updates = watch(createHealth(), '', { signal: caller.signal });
    await updates.next();
    const next = updates.next();
    caller.abort(gone);
    await expect(next).rejects.toBe(gone);
  });
});

describe('shutdown', () => {
  it('tells watchers NOT_SERVING before the drain ends them', async () => {
    const health = createHealth();
    const server = new AbortController();
    const updates = watch(health, '', { draining: server.signal });
    await updates.next();
    health.shutdown();
    server.abort();
    expect(await updates.next()).toEqual(update(NOT_SERVING));
    await expect(updates.next()).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  });

  it('is final: a status set later changes nothing', async () => {
    const health = createHealth();
    health.set('a.Service', SERVING);
    health.shutdown();
    health.set('a.Service', SERVING);
    expect(await check(health, 'a.Service')).toEqual({ status: NOT_SERVING });
  });
});
