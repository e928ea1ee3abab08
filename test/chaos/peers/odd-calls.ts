import { callHeaders, dataFrames, Flag, frame, grpcMessage, headerBlock, Kind } from './frames.ts';

/** A call that nobody who means well makes. */
export interface OddCall {
  headers: Buffer;
  body: (stream: number) => Buffer[];
}

const CHECK = '/grpc.health.v1.Health/Check';
const EMPTY = (stream: number) => dataFrames(stream, grpcMessage(Buffer.alloc(0)));

const PATHS = [
  '/',
  '//',
  '*',
  '/..',
  '/grpc.health.v1.Health',
  '/grpc.health.v1.Health/',
  `${CHECK}/Check`,
  '/%00',
  '/__proto__/constructor',
];

const METADATA: readonly Record<string, string>[] = [
  { 'grpc-timeout': '0n' },
  { 'grpc-timeout': '99999999H' },
  { 'grpc-timeout': '-1S' },
  { 'grpc-timeout': '999999999999999S' },
  { 'grpc-timeout': 'soon' },
  { 'grpc-timeout': '' },
  { 'grpc-encoding': 'snappy' },
  { 'grpc-encoding': '' },
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/grpc+nonsense' },
  { 'content-type': '' },
  { te: 'gzip' },
  { 'x-bin': 'not base64' },
  { 'data-bin': '////' },
  { 'data-bin': '\x01\x02' },
  { traceparent: 'x'.repeat(8000) },
  { connection: 'close' },
  { 'transfer-encoding': 'chunked' },
  { 'UPPER-CASE': 'x' },
  { ':method': 'GET' },
  { ':method': 'CONNECT' },
  { ':method': '' },
  { ':scheme': 'gopher' },
  { ':authority': '' },
  { ':authority': 'a b\u0001' },
  { ':unknown': 'x' },
  { long: 'x'.repeat(15_000) },
  { longer: 'x'.repeat(16_000), longest: 'y'.repeat(100) },
  Object.fromEntries(Array.from({ length: 126 }, (_, n) => [`x-${n}`, '1'])),
  Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, '1'])),
];

/** What goes in the place of a message. */
const BODIES: readonly ((stream: number) => Buffer[])[] = [
  // Nothing, and the end of it.
  (stream) => [frame(Kind.DATA, Flag.END_STREAM, stream)],
  // Less than the five bytes before a message.
  (stream) => dataFrames(stream, Buffer.from([0, 0, 0])),
  // A message that ends before it should.
  (stream) => dataFrames(stream, Buffer.from([0, 0, 0, 0, 9, 1, 2])),
  // A message that says it has 4 GB.
  (stream) => dataFrames(stream, Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2])),
  // One that says it is compressed, and is not.
  (stream) => dataFrames(stream, grpcMessage(Buffer.from('not gzip'), true)),
  // A flag that means nothing.
  (stream) => dataFrames(stream, Buffer.from([0x7f, 0, 0, 0, 0])),
  // Two messages where there is one.
  (stream) => dataFrames(stream, Buffer.concat([grpcMessage(Buffer.alloc(0)), grpcMessage(Buffer.alloc(0))])),
  // A stream that is reset within its message.
  (stream) => [
    frame(Kind.DATA, Flag.NONE, stream, Buffer.from([0, 0, 0, 0, 9])),
    frame(Kind.RST_STREAM, Flag.NONE, stream, Buffer.from([0, 0, 0, 8])),
    // Its end is never told to who reset it, so the next frame makes the server say something.
    frame(Kind.DATA, Flag.END_STREAM, stream + 2),
  ],
];

/** Calls with odd paths, odd metadata, odd bodies, and no headers at all. */
export const ODD_CALLS: readonly OddCall[] = [
  ...PATHS.map((path) => ({ headers: callHeaders(path), body: EMPTY })),
  ...METADATA.map((more) => ({ headers: callHeaders(CHECK, more), body: EMPTY })),
  ...BODIES.map((body) => ({ headers: callHeaders(CHECK, { 'grpc-encoding': 'gzip' }), body })),
  { headers: headerBlock([]), body: EMPTY },
  { headers: headerBlock([[':method', 'POST']]), body: EMPTY },
  { headers: Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), body: EMPTY },
];
