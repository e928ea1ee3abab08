import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callHeaders, Flag, frame, Kind } from '../chaos/peers/frames.ts';
import { RawPeer } from '../chaos/peers/raw-peer.ts';
import { openDoor, post } from './door.ts';

const HANDLE = '/troupe.v1.AgentService/Handle';

/** A peer that says something and waits: what the door said until it closed the connection. */
async function saidUntilClosed(url: string, ...said: string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  for (const part of said) socket.write(part);
  await once(socket, 'close');
  return heard;
}

describe('a connection', () => {
  it.each([
    ['says nothing', []],
    ['begins as HTTP/2 does, and does not go on', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
    ['begins as HTTP/2 does, and stops within the first line', ['PRI *']],
  ])('that %s is closed', async (_, said) => {
    const { url } = await openDoor({}, { limits: { handshakeMs: 50 } });
    await saidUntilClosed(url, ...said);
    expect((await post(url, '{}')).status).toBe(200);
  });

  it.each([
    [
      'its headers',
      `POST ${HANDLE} HTTP/1.1\r\nhost: chaos\r\nx-slow:`,
      { handshakeMs: 50, requestMs: 60_000 },
    ],
    [
      'its body',
      `POST ${HANDLE} HTTP/1.1\r\nhost: chaos\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
      { handshakeMs: 50, requestMs: 50 },
    ],
  ])('that does not finish %s is told 408 and closed', async (_, said, limits) => {
    const { url } = await openDoor({}, { limits });
    expect(await saidUntilClosed(url, said)).toContain('HTTP/1.1 408');
  });

  it('with headers beyond the limit is told 431 and closed', async () => {
    const { url } = await openDoor();
    const said = `GET /healthz HTTP/1.1\r\nhost: chaos\r\nx-long: ${'x'.repeat(17 * 1024)}\r\n\r\n`;
    expect(await saidUntilClosed(url, said)).toContain('HTTP/1.1 431');
  });

  it('beyond the limit is closed as it comes', async () => {
    const { url } = await openDoor({}, { limits: { connections: 1 } });
    const { port } = new URL(url);
    const first = connect({ host: '127.0.0.1', port: Number(port) });
    onTestFinished(() => void first.destroy());
    first.write('GET /healthz HTTP/1.1\r\nhost: chaos\r\n\r\n');
    await once(first, 'data');
    expect(await saidUntilClosed(url)).toBe('');
  });

  it('by HTTP/2 whose request does not come in time is told 408, and its stream reset', async () => {
    const { url } = await openDoor({}, { limits: { requestMs: 50 } });
    const answered = Promise.withResolvers<void>();
    const reset = Promise.withResolvers<void>();
    const peer = await RawPeer.open(new URL(url).host, {
      onFrame({ kind, stream }) {
        if (stream === 1 && kind === Kind.HEADERS) answered.resolve();
        if (stream === 1 && kind === Kind.RST_STREAM) reset.resolve();
      },
    });
    onTestFinished(() => peer.close());
    await peer.write(frame(Kind.HEADERS, Flag.END_HEADERS, 1, callHeaders(HANDLE)));
    await answered.promise;
    await reset.promise;
  });
});

describe('a request that carries no payload', () => {
  it('may have 1 MiB, where others may have 4', async () => {
    const { url } = await openDoor();
    const spaces = ' '.repeat(2 ** 20 + 1);
    const describeAgent = await fetch(`${url}/troupe.v1.AgentService/Describe`, {
      method: 'POST',
      body: `{${spaces}}`,
      headers: { 'content-type': 'application/json' },
    });
    expect(describeAgent.status).toBe(429);
    expect((await post(url, `{${spaces}}`)).status).toBe(200);
  });
});
