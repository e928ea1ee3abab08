import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { MethodDefinition } from '@grpc/grpc-js';
import { excessIn } from './count-fields.ts';

/** A message type's way to the wire and back, in the form that grpc-js asks for. */
export interface Codec<D extends DescMessage> {
  /** Encodes a message, or what one can be made of. */
  serialize(message: MessageInitShape<D>): Buffer;
  /** Decodes a message; throws on bytes that are none. */
  deserialize(bytes: Uint8Array): MessageShape<D>;
}

/** Codecs by the types that they are for, where protobuf-es's own are not wanted. */
export type Codecs = ReadonlyMap<DescMessage, Codec<DescMessage>>;

/**
 * How deep messages may stand in one another. protobuf-es stops at 100 by default, which a payload within the
 * contract's bound can pass inside a batch; one beyond the bound shall be refused with a reason, rather than
 * end the stream.
 */
export const READ_OPTIONS = { recursionLimit: 1000 };

/** The codec of a message type, by protobuf-es. What holds more fields than any message may is not decoded. */
export function codecOf<D extends DescMessage>(schema: D): Codec<D> {
  return {
    serialize(message) {
      const bytes = toBinary(schema, create(schema, message));
      // grpc-js takes nothing but a Buffer, and answers INTERNAL to a plain Uint8Array. This wraps, it copies nothing.
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    deserialize(bytes) {
      const excess = excessIn(schema, bytes, { json: true });
      if (excess) throw new Error(`${excess.field} ${excess.description}`);
      return fromBinary(schema, bytes, READ_OPTIONS);
    },
  };
}

/** The path of a method on the wire: `/troupe.v1.AgentService/Handle`. */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** A method in the form that grpc-js asks for, its messages read and written by `codecs` where those know them. */
export function methodDefinition(method: DescMethod, codecs?: Codecs): MethodDefinition<unknown, unknown> {
  const request = codecs?.get(method.input) ?? codecOf(method.input);
  const response = codecs?.get(method.output) ?? codecOf(method.output);
  return {
    path: methodPath(method),
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: request.serialize as (message: unknown) => Buffer,
    requestDeserialize: request.deserialize,
    responseSerialize: response.serialize as (message: unknown) => Buffer,
    responseDeserialize: response.deserialize,
  };
}
