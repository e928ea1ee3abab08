import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { credentials, Metadata, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Health } from '../../gen/grpc/health/v1/health_pb.js';
import { AgentMessageSchema } from '../../gen/troupe/v1/agent_message_pb.js';
import { AgentService, HandleRequestSchema } from '../../gen/troupe/v1/agent_service_pb.js';
import type { Payload } from '../../services/protocol/codec/payload.ts';
import { messageCodecs } from '../../services/protocol/codecs.ts';
import { toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import type { Handlers } from '../../services/rpc/handlers.ts';
import { bind, RpcServer } from '../../services/rpc/server.ts';
import { fromWire } from '../../services/rpc/status-details.ts';
import { describeFailure } from '../orchestrator/test-mesh.ts';
import { field, varint } from './wire.ts';

const UP = 2 ** 20;

/** An agent that answers its own messages, and a client that sends bytes as they are. */
async function served() {
  const handlers = {
    describe: () => ({ card: { id: 'tested' } }),
    handle: (_, { deadline }) => ({
      message: { task: `${Math.round(deadline.remainingMs / 3_600_000)} h left` },
    }),
    async *link(requests) {
      for await (const { messages } of requests) yield { messages };
    },
  } satisfies Handlers<typeof AgentService>;
  const server = new RpcServer({ services: [bind(AgentService, handlers, messageCodecs)] });
  const Raw = makeGenericClientConstructor({}, 'Raw');
  const client = new Raw(await server.listen('127.0.0.1:0'), credentials.createInsecure());
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  const asTheyAre = (bytes: Buffer) => bytes;
  return {
    /** What became of a call with one request: its failure, or its answer. */
    call: (path: string, bytes: Buffer, headers: Record<string, string> = {}) =>
      new Promise<ServiceError | Buffer | undefined>((resolve) => {
        const metadata = new Metadata();
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
        client.makeUnaryRequest(path, asTheyAre, asTheyAre, bytes, metadata, (error, answer) =>
          resolve(error ?? answer),
        );
      }),
    /** What became of a stream with requests. */
    stream: (path: string, requests: Buffer[]) =>
      new Promise<ServiceError>((resolve) => {
        const stream = client.makeBidiStreamRequest(path, asTheyAre, asTheyAre);
        stream.on('error', (error: ServiceError) => resolve(error)).on('data', () => {});
        for (const bytes of requests) stream.write(bytes);
      }),
  };
}

const [DESCRIBE, HANDLE, LINK] = ['Describe', 'Handle', 'Link'].map(
  (m) => `/${AgentService.typeName}/${m}`,
) as [string, string, string];
const WATCH = `/${Health.typeName}/Watch`;
const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, '']));
const GARBAGE = Buffer.from([0x0a, 0xff, 0xff, 0xff]);

describe('A request', () => {
  it('that carries no payload may have 1 MiB', async () => {
    const { call } = await served();
    // Field 100, of which nothing is known: bytes of whatever length.
    const padded = (length: number) =>
      Buffer.concat([Buffer.from([0xa2, 0x06]), varint(length), Buffer.alloc(length)]);
    expect(await call(DESCRIBE, padded(UP - 100))).toBeInstanceOf(Buffer);
    expect(await call(DESCRIBE, padded(UP + 100))).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(
        /A request of Describe may have 1048576 bytes, this one has \d+\. Send less at once\./,
      ),
    });
  });

  it('that carries one may have 4 MiB', async () => {
    const { call } = await served();
    const sized = (length: number) =>
      Buffer.from(
        toBinary(HandleRequestSchema, create(HandleRequestSchema, { message: { task: 'x'.repeat(length) } })),
      );
    expect(await call(HANDLE, sized(4 * UP - 100))).toBeInstanceOf(Buffer);
    expect(await call(HANDLE, sized(4 * UP))).toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
  });

  it.each<[string, string, MessageInitShape<typeof AgentMessageSchema> | string]>([
    ['attachments', 'message.attachments', { attachments: Array(40_000).fill({}) }],
    ['headers', 'message.headers', { headers: named(40_000) }],
    ['labels', 'message.routing.labels', { routing: { labels: named(40_000) } }],
    ['details of an error', 'message.error.details', { error: { details: Array(40_000).fill({}) } }],
    ['fields that are not known', 'message.field 100', 'a00601'.repeat(40_000)],
  ])('with more %s than any message may have is refused, and it is said where', async (_, path, message) => {
    const { call } = await served();
    const bytes =
      typeof message === 'string'
        ? Buffer.from(message, 'hex')
        : toBinary(AgentMessageSchema, create(AgentMessageSchema, message));
    const refused = (await call(HANDLE, field(0x0a, bytes))) as ServiceError;
    expect(describeFailure(fromWire(refused))).toBe('INVALID_ARGUMENT / INVALID_MESSAGE');
    expect(refused.details).toContain(`${path} is one field too many: a message holds at most 32768`);
  });

  it('may hold JSON of any number of values', async () => {
    const { call } = await served();
    const payload = toValue(Array.from({ length: 350_000 }, (_, i) => i)) as Payload;
    expect(await call(HANDLE, field(0x0a, field(0x2a, payload.bytes)))).toBeInstanceOf(Buffer);
  });

  it.each([
    ['99999999H', 596],
    ['99999999S', 597],
    ['999999999999S', 597],
    ['2H', 2],
  ])('with a timeout of %s has as much of it as a timer can hold', async (timeout, hours) => {
    const { call } = await served();
    expect(String(await call(HANDLE, Buffer.alloc(0), { 'grpc-timeout': timeout }))).toContain(
      `${hours} h left`,
    );
  });

  it.each([
    ['unary', HANDLE, 'HandleRequest'],
    ['answered by a stream', WATCH, 'HealthCheckRequest'],
  ])('(%s) that is none is refused, and it is said why', async (_, path, type) => {
    const { call } = await served();
    expect(await call(path, GARBAGE)).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: expect.stringContaining(`${type}: `),
    });
  });

  it.each([
    ['is none', GARBAGE, 'AgentServiceLinkRequest: '],
    ['holds 5,000 messages', Buffer.from('0a00'.repeat(5000), 'hex'), 'more than 4096 messages'],
    ['holds 5,000 of something else', Buffer.from('1200'.repeat(5000), 'hex'), 'more than 4096 messages'],
  ])('in a stream that %s ends the stream after what came before', async (_, bytes, why) => {
    const { stream } = await served();
    expect(await stream(LINK, [Buffer.alloc(0), bytes])).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      details: expect.stringContaining(why),
    });
  });
});
