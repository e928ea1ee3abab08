import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AgentMessage,
  AgentMessageSchema,
  MessageType,
} from '../../../gen/troupe/v1/agent_message_pb.js';
import { Payload } from '../../../services/protocol/codec/payload.ts';
import { readMessage } from '../../../services/protocol/codec/read-message.ts';
import { WireWriter } from '../../../services/protocol/codec/wire-writer.ts';
import { writeMessage } from '../../../services/protocol/codec/write-message.ts';
import { anyMessage } from './arbitrary-message.ts';

const READ = { recursionLimit: 1000 };

function write(message: AgentMessage): Buffer {
  const writer = new WireWriter();
  writeMessage(writer, message);
  return writer.bytes();
}

/** As protobuf-es reads it; nothing where it cannot be read. */
function byProtobuf(bytes: Uint8Array): AgentMessage | undefined {
  try {
    return fromBinary(AgentMessageSchema, bytes, READ);
  } catch {
    return undefined;
  }
}

/** As our codec reads it; nothing where it cannot be read. */
function byCodec(bytes: Uint8Array): AgentMessage | undefined {
  try {
    return readMessage(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

/** Whether a payload is a Value: our codec leaves that open until somebody looks into it. */
function isReadable({ payload }: AgentMessage): boolean {
  try {
    return payload === undefined || payload.kind !== undefined;
  } catch {
    return false;
  }
}

/** Compared by what protobuf-es writes of them: a payload may hold NaN, which equals nothing. */
function areEqual(a: AgentMessage | undefined, b: AgentMessage | undefined): boolean {
  if (!a || !b) return a === b;
  return Buffer.compare(toBinary(AgentMessageSchema, a), toBinary(AgentMessageSchema, b)) === 0;
}

describe('The codec of AgentMessage', () => {
  it('writes the same bytes as protobuf-es', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(write(message).toString('hex')).toBe(
          Buffer.from(toBinary(AgentMessageSchema, message)).toString('hex'),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('reads what protobuf-es reads', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const bytes = toBinary(AgentMessageSchema, message);
        expect(areEqual(byCodec(bytes), byProtobuf(bytes))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads a message from the middle of a buffer, and nothing around it', () => {
    fc.assert(
      fc.property(anyMessage, fc.uint8Array({ maxLength: 9 }), (message, around) => {
        const bytes = toBinary(AgentMessageSchema, message);
        const buffer = Buffer.concat([around, bytes, around]);
        const read = readMessage(buffer, around.length, around.length + bytes.length);
        expect(areEqual(read, byProtobuf(bytes))).toBe(true);
      }),
    );
  });

  it('reads two messages in one as protobuf-es merges them', () => {
    fc.assert(
      fc.property(anyMessage, anyMessage, (first, second) => {
        const bytes = Buffer.concat([
          toBinary(AgentMessageSchema, first),
          toBinary(AgentMessageSchema, second),
        ]);
        expect(areEqual(byCodec(bytes), byProtobuf(bytes))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('reads damaged bytes as protobuf-es does, or refuses them as it does', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
    let refused = 0;
    fc.assert(
      fc.property(anyMessage, damage, fc.nat(), (message, changes, cut) => {
        const whole = Buffer.from(toBinary(AgentMessageSchema, message));
        const bytes = cut % 3 === 0 ? whole.subarray(0, cut % (whole.length + 1)) : whole;
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const expected = byProtobuf(bytes);
        const read = byCodec(bytes);
        // What is wrong within a payload shows when it is looked into; protobuf-es refuses the whole message, or
        // reads on past the end of the payload, which nothing can be held against.
        if (read && !isReadable(read)) return;
        if (!expected) refused++;
        expect(areEqual(read, expected)).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('passes a message on without looking into its payload', () => {
    fc.assert(
      fc.property(anyMessage, fc.uint8Array({ minLength: 1 }), (message, nonsense) => {
        // A message with such a header is left to protobuf-es, which looks into everything.
        fc.pre(!Object.hasOwn(message.headers, '__proto__'));
        const read = readMessage(Buffer.from(toBinary(AgentMessageSchema, message)));
        read.type = MessageType.TASK;
        read.payload = new Payload(Buffer.from(nonsense));
        const again = readMessage(write(read));
        expect((again.payload as Payload).bytes).toEqual(Buffer.from(nonsense));
      }),
    );
  });

  it('writes a copy of a message with other fields, as restamped on its way', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const read = readMessage(Buffer.from(toBinary(AgentMessageSchema, message)));
        const expected = fromBinary(AgentMessageSchema, toBinary(AgentMessageSchema, message), READ);
        const stamp = { receiver: 'another', attempt: 3 };
        expect(write({ ...read, ...stamp })).toEqual(
          Buffer.from(toBinary(AgentMessageSchema, Object.assign(expected, stamp))),
        );
      }),
    );
  });

  it.each([
    ['a number below zero', { hops: -1 }],
    ['a number with a fraction', { attempt: 1.5 }],
    ['a number that is none', { sequence: Number.NaN }],
  ])('refuses to write %s, as protobuf-es does', (_, init) => {
    const message = Object.assign(readMessage(Buffer.alloc(0)), init);
    const outcome = (action: () => unknown) => {
      try {
        return action();
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(outcome(() => write(message))).toBe(outcome(() => toBinary(AgentMessageSchema, message)));
  });

  it('goes on after a message that could not be written', () => {
    const writer = new WireWriter();
    const message = readMessage(Buffer.alloc(0));
    expect(() => writeMessage(writer, { ...message, hops: -1 })).toThrow();
    writer.start();
    writeMessage(writer, { ...message, id: 'next' });
    expect(readMessage(writer.bytes()).id).toBe('next');
  });
});
