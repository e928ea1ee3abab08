/** How large the buffer is to begin with, in bytes: most messages fit. */
const FIRST_BYTES = 16 * 1024;

/** How large a buffer is kept for what comes next, in bytes. */
const KEPT_BYTES = 1024 * 1024;

/**
 * From this size on bytes are taken as they are, and copied only once, when the whole is put together. Smaller ones are
 * not: what is taken holds on to the whole buffer that it lies in, a batch of up to 256 KiB.
 */
const TAKEN_BYTES = 32 * 1024;

/** Texts up to this length are written byte by byte: a call into the runtime costs more than the bytes do. */
const SHORT_TEXT = 64;

const MAX_INT31 = 0x7fffffff;

/**
 * Writes protobuf's wire format from the end to the front: what stands inside a field is written before the field's
 * length, which is known by then, so nothing is measured beforehand and nothing is moved.
 *
 * What comes first on the wire is therefore written last. One writer is used over and over: `chunks` hands out what was
 * written, and `start` begins anew.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Where the last thing written begins. */
  #at = FIRST_BYTES;
  /** What was written before that, as it stands on the wire. */
  #chunks: Buffer[] = [];
  #chunksLength = 0;

  /** Forgets what was written, and lets go of a buffer that few messages need. */
  start(): void {
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#at = this.#buffer.length;
    if (this.#chunksLength === 0) return;
    this.#chunks = [];
    this.#chunksLength = 0;
  }

  /** Forgets what was written since `length` was that. */
  backTo(length: number): void {
    const kept = this.bytes().subarray(this.length - length);
    this.start();
    this.raw(kept);
  }

  /** How many bytes were written; the difference of two is the length of what came between. */
  get length(): number {
    return this.#chunksLength + this.#buffer.length - this.#at;
  }

  /** What was written, in one piece. */
  bytes(): Buffer {
    return this.#chunksLength === 0 ? this.#copy() : Buffer.concat(this.chunks());
  }

  /** What was written, in one piece or more: large bytes are those that were handed in. */
  chunks(): Buffer[] {
    return [this.#copy(), ...this.#chunks];
  }

  /** Writes an unsigned varint. `value` is an integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#reserve(8);
    if (value < 0x80) {
      this.#at -= 1;
      this.#buffer[this.#at] = value;
      return;
    }
    let size = 1;
    for (let bound = 0x80; value >= bound; bound *= 0x80) size += 1;
    this.#at -= size;
    let at = this.#at;
    let rest = value;
    // Shifts take whole numbers of 31 bits alone, and are a multiple quicker than a division.
    for (; rest > MAX_INT31; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80;
    for (; rest >= 0x80; rest >>= 7) this.#buffer[at++] = (rest & 0x7f) | 0x80;
    this.#buffer[at] = rest;
  }

  /** Writes a double, 8 bytes, little endian. */
  double(value: number): void {
    this.#reserve(8);
    this.#at -= 8;
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  /** Writes bytes as they are, from `start` to `end` of them. */
  raw(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const size = end - start;
    if (size >= TAKEN_BYTES) return this.#take(bytes.subarray(start, end));
    this.#reserve(size);
    this.#at -= size;
    if (Buffer.isBuffer(bytes)) bytes.copy(this.#buffer, this.#at, start, end);
    else this.#buffer.set(bytes.subarray(start, end), this.#at);
  }

  /** Writes a text in UTF-8 with its length before it; a lone surrogate becomes U+FFFD. */
  text(value: string): void {
    const before = this.length;
    if (value.length > SHORT_TEXT || !this.#ascii(value)) {
      const size = Buffer.byteLength(value);
      this.#reserve(size);
      this.#at -= size;
      this.#buffer.write(value, this.#at, size, 'utf8');
    }
    this.varint(this.length - before);
  }

  #copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.#buffer.length - this.#at);
    this.#buffer.copy(copy, 0, this.#at);
    return copy;
  }

  #take(bytes: Uint8Array): void {
    this.#chunks.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), this.#copy());
    this.#chunksLength = this.length + bytes.length;
    this.#at = this.#buffer.length;
  }

  /** Writes a short text of ASCII alone; answers false, and writes nothing, where it is none. */
  #ascii(value: string): boolean {
    const size = value.length;
    this.#reserve(size);
    const start = this.#at - size;
    for (let i = 0; i < size; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#buffer[start + i] = code;
    }
    this.#at = start;
    return true;
  }

  #reserve(size: number): void {
    if (size <= this.#at) return;
    const written = this.#buffer.length - this.#at;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, written + size));
    const at = larger.length - written;
    this.#buffer.copy(larger, at, this.#at);
    this.#buffer = larger;
    this.#at = at;
  }
}
