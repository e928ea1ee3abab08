import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { EdgeServer } from '../../services/edge/edge-server.ts';
import { openDoor, post } from './door.ts';

describe('pages of other origins', () => {
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  const options = (url: string, origin: string) =>
    fetch(`${url}/troupe.v1.AgentService/Handle`, { method: 'OPTIONS', headers: { origin, ...preflight } });

  it('may not call unless they are allowed, whatever they ask', async () => {
    let handled = 0;
    const handle = () => {
      handled++;
      return {};
    };
    const { url } = await openDoor({ handle });
    expect((await options(url, 'https://evil.example')).status).toBe(403);
    const { status, json, headers } = await post(url, '{}', { origin: 'https://evil.example' });
    expect({ status, code: json.code }).toEqual({ status: 403, code: 'permission_denied' });
    expect(json.message).toContain('https://evil.example');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(handled).toBe(0);
  });

  it.each([['https://a.example'], ['*']])('may call where %s is allowed', async (allowed) => {
    const { url } = await openDoor({}, { allowedOrigins: [allowed] });
    const allows = await options(url, 'https://a.example');
    expect(allows.status).toBe(204);
    expect(allows.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(allows.headers.get('access-control-allow-methods')).toContain('POST');
    expect(allows.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('connect-timeout-ms');
    const { status, headers } = await post(url, '{}', { origin: 'https://a.example' });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(headers.get('access-control-expose-headers')?.toLowerCase()).toContain('grpc-status');
    expect(headers.get('vary')).toContain('origin');
  });
});

describe('timeouts', () => {
  it.each([
    ['0', 504, 'deadline_exceeded'],
    ['soon', 400, 'invalid_argument'],
    ['Infinity', 400, 'invalid_argument'],
    ['1e300', 400, 'invalid_argument'],
    ['99999999999', 400, 'invalid_argument'],
  ])('of "%s" ends the call at once, and with a reason', async (timeout, status, code) => {
    const { url } = await openDoor();
    const answer = await post(url, '{}', { 'connect-timeout-ms': timeout });
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  });

  it.each(['in 99999999H', '99999999S or so'])('of "%s" are refused by gRPC-Web, too', async (timeout) => {
    const { url } = await openDoor();
    const headers = { 'content-type': 'application/grpc-web+proto', 'grpc-timeout': timeout };
    const init = { method: 'POST', body: '\0\0\0\0\0', headers };
    const response = await fetch(`${url}/troupe.v1.AgentService/Handle`, init);
    expect(await response.text()).toContain('grpc-status: 3');
  });

  it.each([
    ['connect-timeout-ms', '9999999999', 'application/json', '{}', 2_147_483],
    ['connect-timeout-ms', '90000', 'application/json', '{}', 90],
    ['grpc-timeout', '99999999H', 'application/grpc-web+proto', '\0\0\0\0\0', 596 * 3600],
    ['grpc-timeout', '99999999S', 'application/grpc-web+proto', '\0\0\0\0\0', 2_147_483],
    ['grpc-timeout', '90S', 'application/grpc-web+proto', '\0\0\0\0\0', 90],
  ])('%s: %s leaves what a timer can hold', async (name, timeout, type, body, seconds) => {
    const remaining = Promise.withResolvers<number>();
    const { url } = await openDoor({
      handle: (_, { deadline }) => {
        remaining.resolve(deadline.remainingMs);
        return {};
      },
    });
    const headers = { 'content-type': type, [name]: timeout };
    await fetch(`${url}/troupe.v1.AgentService/Handle`, { method: 'POST', body, headers });
    expect(Math.ceil((await remaining.promise) / 10_000)).toBe(Math.ceil(seconds / 10));
  });
});

describe('a connection', () => {
  it.each([
    ['byte by byte, HTTP/1.1', 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 'SERVING'],
    ['byte by byte, a method that begins as HTTP/2 does', 'PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n', '404'],
  ])('that sends %s is understood', async (_, request, expected) => {
    const { url } = await openDoor();
    const socket = connect(Number(new URL(url).port), '127.0.0.1').setNoDelay();
    const answer = Promise.withResolvers<string>();
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes(expected)) answer.resolve(text);
    });
    for (const byte of request) {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
    expect(await answer.promise).toContain(expected);
    socket.destroy();
  });

  it('that is closed before it says a word harms nobody', async () => {
    const { url } = await openDoor();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.on('connect', resolve));
    socket.resetAndDestroy();
    expect((await post(url, '{}')).status).toBe(200);
  });
});

describe('a door', () => {
  it('that drains says so, finishes what is in flight, and frees its port', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { edge, url } = await openDoor({
      async handle({ message }, { draining }) {
        if (message?.task === 'late') return { message: { task: String(draining.aborted) } };
        started.resolve();
        await release.promise;
        return { message: { task: 'done' } };
      },
    });
    const health = () => fetch(`${url}/healthz`);
    expect((await health()).status).toBe(200);
    const inFlight = post(url, '{}');
    await started.promise;
    const drained = edge.drain();
    const told = await health();
    expect({ status: told.status, body: await told.json() }).toEqual({
      status: 503,
      body: { status: 'NOT_SERVING' },
    });
    expect((await post(url, '{"message":{"task":"late"}}')).json.message.task).toBe('true');
    release.resolve();
    expect((await inFlight).json).toEqual({ message: { task: 'done' } });
    await drained;
    await expect(health()).rejects.toThrow('fetch failed');
  });

  it('ends what is not finished within the grace time', async () => {
    const started = Promise.withResolvers<void>();
    const { edge, url } = await openDoor({
      handle() {
        started.resolve();
        return new Promise(() => {});
      },
    });
    const inFlight = post(url, '{}');
    await started.promise;
    await edge.drain(20);
    expect(await inFlight).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  });

  it('closes though a connection is idle, another half open, and a third silent', async () => {
    const { edge, url } = await openDoor();
    await post(url, '{}');
    const port = Number(new URL(url).port);
    const sockets = ['', 'POST /troupe.v1.AgentService/Handle HTTP/1.1\r\nHost: a\r\n'].map((text) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(text);
      return new Promise((resolve) => socket.on('close', resolve));
    });
    await post(url, '{}');
    await edge.close();
    await Promise.all(sockets);
  });

  it.each([
    ['127.0.0.1:http', 'is no address'],
    ['nobody.invalid:0', 'Cannot listen on nobody.invalid:0'],
  ])('cannot be opened at %s', async (address, text) => {
    await expect(async () => new EdgeServer({ services: [] }).listen(address)).rejects.toThrow(text);
  });

  it('cannot be opened where another is', async () => {
    const { url } = await openDoor();
    const listening = new EdgeServer({ services: [] }).listen(new URL(url).host);
    await expect(listening).rejects.toThrow(/Cannot listen on .* EADDRINUSE/);
  });
});
