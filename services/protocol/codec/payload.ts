import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { codecOf } from '../../rpc/codec.ts';
import { undecodable } from './payload-path.ts';

const codec = codecOf(ValueSchema);

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
  #value: Value | undefined;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  get $typeName() {
    return 'google.protobuf.Value' as const;
  }

  /** What the Value holds. INVALID_PAYLOAD where the bytes are no Value. */
  get kind(): Value['kind'] {
    return this.#read().kind;
  }

  /** What it holds beside that, which is not known here. INVALID_PAYLOAD as for `kind`. */
  get $unknown(): Value['$unknown'] {
    return this.#read().$unknown;
  }

  /** Its bytes, as a view of the buffer. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  #read(): Value {
    this.#value ??= this.#decode();
    return this.#value;
  }

  #decode(): Value {
    try {
      return codec.deserialize(this.bytes);
    } catch (cause) {
      throw undecodable(cause);
    }
  }
}
