import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDoor, type Served } from './door.ts';

const HANDLE = '/troupe.v1.AgentService/Handle';
const DESCRIBE = '/troupe.v1.AgentService/Describe';

/** A door that logs, and the levels and texts of its lines. */
async function loggingDoor(served: Served = {}) {
  const lines: string[] = [];
  const more = new EventTarget();
  const sink = new Writable({
    write(line, _, done) {
      const { level, msg } = JSON.parse(String(line));
      lines.push(`${pino.levels.labels[level]}: ${msg}`);
      more.dispatchEvent(new Event('line'));
      done();
    },
  });
  const { url } = await openDoor(served, { log: pino({ level: 'debug' }, sink) });
  return { url, lines, more };
}

/** What the door says to a request of HTTP/1.1, or 1.0, until it closes the connection. */
async function answerTo(url: string, ...lines: string[]): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes;
  });
  socket.write([...lines, 'content-type: application/json', 'content-length: 2', '', '{}'].join('\r\n'));
  await once(socket, 'close');
  return heard;
}

const CLOSE = 'Connection: close';

describe('a request that is malformed', () => {
  it.each([
    ['a host that is none', [`POST ${HANDLE} HTTP/1.1`, 'Host: ['], 'is no host'],
    ['a host with a path', [`POST ${HANDLE} HTTP/1.1`, 'Host: a b/c'], 'is no host'],
    ['two hosts', [`POST ${HANDLE} HTTP/1.1`, 'Host: a', 'Host: b'], '2 hosts'],
    ['a URL without a host', [`POST http://${HANDLE} HTTP/1.1`, 'Host: a'], 'is no host'],
    ['a URL whose host is none', [`POST http://[${HANDLE} HTTP/1.1`, 'Host: a'], 'is no host'],
    ['a bad host beside a URL', [`POST http://a${HANDLE} HTTP/1.1`, 'Host: ['], 'is no host'],
    [
      'a query that is no base64',
      [`GET ${DESCRIBE}?encoding=proto&base64=1&message=*** HTTP/1.1`, 'Host: a'],
      'is no base64',
    ],
  ])('(%s) is answered 400 in words, and no fault in the log', async (_, lines, text) => {
    const door = await loggingDoor();
    const answer = await answerTo(door.url, ...lines, CLOSE);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('invalid_argument');
    expect(answer).toContain(text);
    expect(door.lines).toEqual([]);
  });

  it('(a host that is none, by HTTP/2) is answered 400 in words', async () => {
    const { url } = await openDoor();
    const session = http2.connect(url);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': HANDLE, ':authority': '[' }).end('{}');
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(400);
  });
});

describe('a request', () => {
  it.each([
    ['with a whole URL for its target', `POST http://a.example:80${HANDLE} HTTP/1.1`, 'Host: b'],
    ['with a whole URL and a query', `POST HTTP://a.example${HANDLE}?a=b HTTP/1.1`, 'Host: b'],
    ['with a whole URL of https', `POST https://a.example${HANDLE} HTTP/1.1`, 'Host: b'],
    ['with an empty host', `POST ${HANDLE} HTTP/1.1`, 'Host:'],
    ['of HTTP/1.0, without a host', `POST ${HANDLE} HTTP/1.0`, 'Accept: */*'],
  ])('%s is served', async (_, target, header) => {
    const { url } = await openDoor();
    expect(await answerTo(url, target, header, CLOSE)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{\}$/);
  });

  it('with a whole URL for its target is told to the handler with the host of that', async () => {
    const host = Promise.withResolvers<string | null>();
    const { url } = await openDoor({
      handle: (_, { headers }) => {
        host.resolve(headers.get('host'));
        return {};
      },
    });
    await answerTo(url, `POST http://a.example${HANDLE} HTTP/1.1`, 'Host: b', CLOSE);
    expect(await host.promise).toBe('a.example');
  });

  it('with a whole URL for its target finds the health of the door, too', async () => {
    const { url } = await openDoor();
    expect(await answerTo(url, 'GET http://a.example/healthz HTTP/1.1', 'Host: b', CLOSE)).toContain(
      '"SERVING"',
    );
  });

  it('by HTTP/2 that is given up is no fault in the log', async () => {
    const started = Promise.withResolvers<void>();
    const { url, lines, more } = await loggingDoor({
      handle: () => {
        started.resolve();
        return new Promise(() => {});
      },
    });
    const session = http2.connect(url);
    onTestFinished(() => session.destroy());
    const headers = { ':method': 'POST', ':path': HANDLE, 'content-type': 'application/json' };
    const stream = session.request(headers).end('{}');
    await started.promise;
    stream.close(http2.constants.NGHTTP2_CANCEL);
    while (lines.length < 2) await once(more, 'line');
    expect(lines).toEqual(['info: call', 'debug: an answer was not taken']);
  });
});
