import { fromBinary } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { READ_OPTIONS } from '../../rpc/codec.ts';

/**
 * A `google.protobuf.Value` as its bytes, which are looked into only when somebody asks: whoever passes a message on
 * never does. Everywhere else it is a Value like any other, protobuf-es's functions included.
 *
 * It holds on to the buffer that it was read from.
 */
export class Payload implements Value {
  readonly buffer: Buffer;
  /** Where its bytes start in the buffer. */
  readonly start: number;
  /** Where they end. */
  readonly end: number;
  #kind: Value['kind'] | undefined;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  get $typeName() {
    return 'google.protobuf.Value' as const;
  }

  /** What the Value holds. Throws where the bytes are no Value. */
  get kind(): Value['kind'] {
    this.#kind ??= fromBinary(ValueSchema, this.bytes, READ_OPTIONS).kind;
    return this.#kind;
  }

  /** Its bytes, as a view of the buffer. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }
}
