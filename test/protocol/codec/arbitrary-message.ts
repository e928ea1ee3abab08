import { create, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type AgentMessage, AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { type JsonValue, toValue } from '../../../services/protocol/value.ts';

/** Texts of every kind of character that can be written, short and long. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '\u{feff}mark', 'é'.repeat(200), 'a'.repeat(65), 'a'.repeat(64)),
);

const bytes = fc.uint8Array({ maxLength: 40 });

const uint32 = fc.oneof(fc.nat(20), fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 32 - 1 }));

const time = fc.record({
  seconds: fc.oneof(
    fc.bigInt({ min: 0n, max: 4_000_000_000n }),
    fc.bigInt({ min: -(2n ** 40n), max: 2n ** 50n }),
  ),
  nanos: fc.oneof(fc.nat(999_999_999), fc.integer()),
});

const attachment = fc.record({
  name: text,
  mediaType: text,
  content: fc.oneof(
    fc.constant({ case: undefined }),
    fc.record({ case: fc.constant('data' as const), value: bytes }),
    fc.record({ case: fc.constant('uri' as const), value: text }),
  ),
});

const status = fc.record({
  code: fc.integer(),
  message: text,
  details: fc.array(fc.record({ typeUrl: text, value: bytes }), { maxLength: 2 }),
});

const heartbeat = fc.record({
  status: fc.nat(8),
  received: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  inFlight: uint32,
  failed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});

/** Fields of later revisions, each as it stands on the wire. */
const unknownField = fc.oneof(
  fc.record({
    no: fc.integer({ min: 20, max: 2000 }),
    wireType: fc.constant(0),
    data: fc.constant(Uint8Array.of(0x85, 0x01)),
  }),
  fc.record({
    no: fc.integer({ min: 20, max: 2000 }),
    wireType: fc.constant(1),
    data: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  }),
  fc.record({
    no: fc.integer({ min: 20, max: 2000 }),
    wireType: fc.constant(2),
    data: bytes.map((all) => Uint8Array.of(all.length, ...all)),
  }),
  fc.record({
    no: fc.integer({ min: 20, max: 2000 }),
    wireType: fc.constant(5),
    data: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
);

/** Any message that the proto allows, and some that no rule of the contract does. */
export const anyMessage: fc.Arbitrary<AgentMessage> = fc
  .record(
    {
      id: text,
      sender: text,
      receiver: text,
      type: fc.oneof(fc.nat(9), fc.integer()),
      payload: fc.jsonValue({ maxDepth: 4 }).map((json) => toValue(json as JsonValue)),
      timestamp: time,
      correlationId: text,
      ttl: time,
      capability: text,
      task: text,
      error: status,
      heartbeat,
      headers: fc.dictionary(text, text, { maxKeys: 4 }),
      attachments: fc.array(attachment, { maxLength: 3 }),
      attempt: uint32,
      idempotencyKey: text,
      sequence: uint32,
      hops: uint32,
      routing: fc.record(
        { labels: fc.dictionary(text, text, { maxKeys: 2 }), affinityKey: text, hedge: fc.boolean() },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  .chain((init) =>
    fc.array(unknownField, { maxLength: 3 }).map(($unknown) => {
      const message = create(AgentMessageSchema, init as MessageInitShape<typeof AgentMessageSchema>);
      if ($unknown.length > 0) message.$unknown = $unknown;
      return message;
    }),
  );
