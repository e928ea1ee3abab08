import { fork } from 'node:child_process';
import { once } from 'node:events';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, post } from './door.ts';

/** 400 KB of gzip that hold 400 MB of JSON. */
const BOMB = gzipSync(Buffer.alloc(400 * 2 ** 20, ' '));

describe('a request that is too large', () => {
  it.each([
    ['as it is', 'identity', Buffer.alloc(5 * 2 ** 20, ' ')],
    ['once decompressed (gzip)', 'gzip', gzipSync(Buffer.alloc(5 * 2 ** 20, ' '))],
    ['once decompressed (brotli)', 'br', brotliCompressSync(Buffer.alloc(5 * 2 ** 20, ' '))],
  ])('%s is refused, and the door stays open', async (_, encoding, body) => {
    const { url } = await openDoor();
    const { status, json } = await post(url, body, { 'content-encoding': encoding });
    expect({ status, code: json.code }).toEqual({ status: 429, code: 'resource_exhausted' });
    expect(json.message).toContain('4194304');
    expect((await post(url, '{}')).status).toBe(200);
  });

  it('leaves room for all that a message may hold', async () => {
    const { url } = await openDoor();
    const text = 'x'.repeat(4 * 2 ** 20 - 64 * 2 ** 10);
    const { json } = await post(url, JSON.stringify({ message: { task: text } }));
    expect(json.message.task).toHaveLength(text.length);
  });

  it('is refused at other bounds where they are given', async () => {
    const { url } = await openDoor({}, { limits: { messageBytes: 20 }, writeMaxBytes: 10 });
    expect((await post(url, '{"message":{"task":"a"}}')).status).toBe(429);
    expect((await post(url, '{"message":{}}')).json.message).toContain('writeMaxBytes 10');
  });
});

describe('a bomb of 400 KB that holds 400 MB', () => {
  const door = fork(new URL('door-process.ts', import.meta.url));
  let url: string;

  beforeAll(async () => {
    [url] = (await once(door, 'message')) as [string];
  });
  afterAll(async () => {
    door.kill();
    await once(door, 'exit');
  });

  async function residentBytes(): Promise<number> {
    const answer = once(door, 'message');
    door.send('rss');
    return ((await answer) as [number])[0];
  }

  it.each([
    ['Connect', 'application/json', { 'content-encoding': 'gzip' }, BOMB],
    ['gRPC-Web', 'application/grpc-web+proto', { 'grpc-encoding': 'gzip' }, enveloped(BOMB)],
  ])('by %s costs no memory, even ten times over', async (_, type, headers, body) => {
    await post(url, '{}');
    const before = await residentBytes();
    for (let i = 0; i < 10; i++) {
      const path = `${url}/troupe.v1.AgentService/Handle`;
      const response = await fetch(path, {
        method: 'POST',
        body,
        headers: { 'content-type': type, ...headers },
      });
      const said = `${response.status} ${response.headers.get('grpc-status')} ${await response.text()}`;
      expect(said).toMatch(/429 .*resource_exhausted|grpc-status: 8/s);
    }
    expect(((await residentBytes()) - before) / 2 ** 20).toBeLessThan(100);
  });
});

/** A message as gRPC frames it: that it is compressed, its length, its bytes. */
function enveloped(bytes: Buffer): Buffer<ArrayBuffer> {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(1, 0);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
