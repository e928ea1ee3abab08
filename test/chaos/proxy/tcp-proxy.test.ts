import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

/** A proxy to a server that echoes, and who is connected at the other end of it. */
async function echoed() {
  const peers: Socket[] = [];
  const server = createServer((socket) => {
    peers.push(socket.on('error', () => {}));
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    proxy.close();
    server.close();
    for (const peer of peers) peer.destroy();
  });
  return { proxy, peers };
}

/** Settles when a socket has closed, however it did. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.on('error', () => {}).once('close', () => resolve());
  });
}

async function dial(proxy: TcpProxy) {
  const socket = connect(Number(proxy.address.split(':')[1]), '127.0.0.1');
  let text = '';
  const closed = closing(socket);
  socket.setEncoding('latin1').on('data', (more) => {
    text += more;
    socket.emit('heard');
  });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  const hears = async (wanted: string) => {
    while (!text.includes(wanted)) await once(socket, 'heard');
    return text;
  };
  return { socket, hears, closed, heard: () => text };
}

it('passes bytes on, both ways, and counts its connections', async () => {
  const { proxy } = await echoed();
  const { socket, hears } = await dial(proxy);
  socket.write('hello');
  expect(await hears('hello')).toBe('hello');
  expect(proxy.opened).toBe(1);
});

it('passes on an end, and what is said after it', async () => {
  const { proxy } = await echoed();
  const { socket, hears, closed } = await dial(proxy);
  socket.end('last words');
  await hears('last words');
  await closed;
});

it('holds bytes back for as long as it is told, in order', async () => {
  const { proxy } = await echoed();
  proxy.treat({ delayMs: 40 });
  const { socket, hears } = await dial(proxy);
  const begun = performance.now();
  for (const letter of 'abcdef') socket.write(letter);
  expect(await hears('abcdef')).toBe('abcdef');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(79);
});

it('lets so many bytes arrive in a millisecond as it is told, in order', async () => {
  const { proxy } = await echoed();
  proxy.treat({ bytesPerMs: 1 });
  const { socket, hears } = await dial(proxy);
  const text = Array.from({ length: 20 }, (_, n) => `${n} `).join('');
  const begun = performance.now();
  socket.write(text);
  await hears('19 ');
  expect(await hears(text)).toBe(text);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(text.length);
});

it.each(['from-dialler', 'from-dialled', 'both'] as const)(
  'lets nothing arrive that comes %s while it holds it, and all once it heals',
  async (hold) => {
    const { proxy, peers } = await echoed();
    const { socket, hears, heard } = await dial(proxy);
    socket.write('before ');
    await hears('before');
    proxy.treat({ hold });
    socket.write('held ');
    // What the other way carries does arrive: that is what is awaited, where there is such a way.
    if (hold === 'from-dialler') {
      peers[0]!.write('still speaks ');
      await hears('still speaks');
    } else await sleep(20);
    expect(heard()).not.toContain('held');
    proxy.treat({});
    await hears('held');
  },
);

it('strands the connections that there are, and carries new ones', async () => {
  const { proxy } = await echoed();
  const stranded = await dial(proxy);
  stranded.socket.write('before');
  await stranded.hears('before');
  proxy.strand();
  stranded.socket.write('after');
  const { socket, hears } = await dial(proxy);
  socket.write('anew');
  await hears('anew');
  proxy.treat({});
  socket.write('and on');
  await hears('and on');
  expect(stranded.heard()).toBe('before');
});

it('hides the end of one half from the other until it heals', async () => {
  const { proxy, peers } = await echoed();
  const { socket, hears } = await dial(proxy);
  socket.write('before');
  await hears('before');
  proxy.treat({ hold: 'both' });
  const ended = closing(peers[0]!);
  socket.resetAndDestroy();
  expect(await Promise.race([ended.then(() => 'ended'), sleep(30, 'stands')])).toBe('stands');
  proxy.treat({});
  await ended;
});

it('takes a connection and stays silent, or speaks garbage, or refuses it', async () => {
  const { proxy, peers } = await echoed();
  proxy.treat({ accept: 'silent' });
  const silent = await dial(proxy);
  silent.socket.write('anybody there?');
  proxy.treat({ accept: 'garbage' });
  const garbled = await dial(proxy);
  await garbled.hears('neither HTTP/2 nor TLS');
  proxy.treat({ accept: 'refuse' });
  const refused = await dial(proxy);
  await refused.closed;
  expect(silent.heard()).toBe('');
  expect(peers).toEqual([]);
});

it('cuts every connection at once', async () => {
  const { proxy, peers } = await echoed();
  const [one, other] = [await dial(proxy), await dial(proxy)];
  one.socket.write('x');
  await one.hears('x');
  proxy.cut();
  await Promise.all([one.closed, other.closed]);
  await closing(peers[0]!);
});

it('cuts connections by lot', async () => {
  const { proxy } = await echoed();
  proxy.treat({ cutPerSecond: 1 });
  const { closed } = await dial(proxy);
  await closed;
  expect(proxy.cutsAt).toHaveLength(1);
});

it('changes bytes by lot, and none unless it is told', async () => {
  const { proxy } = await echoed();
  const { socket, hears, heard } = await dial(proxy);
  const text = 'x'.repeat(2000);
  socket.write(text);
  await hears(text);
  proxy.treat({ corruptByte: 0.5 });
  socket.write(text);
  while (heard().length < 4000) await once(socket, 'heard');
  const changed = [...heard().slice(2000)].filter((letter) => letter !== 'x').length;
  expect(changed).toBeGreaterThan(1000);
  expect(changed).toBeLessThan(2000);
});
