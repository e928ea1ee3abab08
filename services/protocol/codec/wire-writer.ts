/** How large the buffer is to begin with, in bytes: most messages fit. */
const FIRST_BYTES = 16 * 1024;

/** How large a buffer is kept for what comes next, in bytes. */
const KEPT_BYTES = 1024 * 1024;

/** Texts up to this length are written byte by byte: a call into the runtime costs more than the bytes do. */
const SHORT_TEXT = 64;

/**
 * Writes protobuf's wire format from the end to the front: what stands inside a field is written before the field's
 * length, which is known by then, so nothing is measured beforehand and nothing is moved.
 *
 * What comes first on the wire is therefore written last. One writer is used over and over: `bytes` copies what was
 * written, and `start` begins anew.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Where the last thing written begins. */
  #at = FIRST_BYTES;

  /** Forgets what was written, and lets go of a buffer that few messages need. */
  start(): void {
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#at = this.#buffer.length;
  }

  /** Forgets what was written since `length` was that. */
  backTo(length: number): void {
    this.#at = this.#buffer.length - length;
  }

  /** How many bytes were written; the difference of two is the length of what came between. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** A copy of what was written. */
  bytes(): Buffer {
    const copy = Buffer.allocUnsafe(this.length);
    this.#buffer.copy(copy, 0, this.#at);
    return copy;
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
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
    this.#at -= size;
    let at = this.#at;
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#buffer[at] = (rest % 0x80) | 0x80;
      at += 1;
    }
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
    const written = this.length;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, written + size));
    const at = larger.length - written;
    this.#buffer.copy(larger, at, this.#at);
    this.#buffer = larger;
    this.#at = at;
  }
}
