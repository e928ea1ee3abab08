/** How large a buffer is, in bytes: it takes about as many messages as a batch has. Who keeps one of them keeps it. */
const BUFFER_BYTES = 16 * 1024;

/** How large a buffer for larger messages may be that is used again, in bytes. */
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
 * What comes first on the wire is therefore written last. One writer is used over and over: `start` begins anew, and
 * `chunks` hands out what was written. That stays where it lies, and what comes next is written before it, as long as
 * the buffer has room; a message that is larger than one is written elsewhere, and copied.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** Where the last thing written begins. */
  #at = BUFFER_BYTES;
  /** Where what was written ends: behind it lies what was handed out. */
  #end = BUFFER_BYTES;
  /** The usual buffer, and where what was handed out of it begins, while a large one is written into. */
  #usual = { buffer: this.#buffer, end: this.#end };
  /** A larger buffer, for the next message that needs one: new memory costs more than what is written into it. */
  #large = Buffer.alloc(0);
  /** What was written before that, as it stands on the wire. */
  #chunks: Buffer[] = [];
  #chunksLength = 0;

  /** Forgets what was written and not handed out. */
  start(): void {
    if (this.#isLarge) this.#leaveLarge();
    this.#at = this.#end;
    if (this.#chunksLength === 0) return;
    this.#chunks = [];
    this.#chunksLength = 0;
  }

  /** Forgets what was written since `length` was that. */
  backTo(length: number): void {
    const surplus = this.length - length;
    const kept = this.bytes().subarray(surplus);
    this.start();
    this.raw(kept);
  }

  /** How many bytes were written; the difference of two is the length of what came between. */
  get length(): number {
    return this.#chunksLength + this.#end - this.#at;
  }

  /** What was written, in one piece. Nothing more can be added to it. */
  bytes(): Buffer {
    return this.#chunksLength === 0 ? this.#handOut() : Buffer.concat(this.chunks());
  }

  /**
   * What was written, in one piece or more: large bytes are those that were handed in. Nothing more can be added to
   * it.
   */
  chunks(): Buffer[] {
    return [this.#handOut(), ...this.#chunks];
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

  get #isLarge(): boolean {
    return this.#buffer.length > BUFFER_BYTES;
  }

  #handOut(): Buffer {
    const piece = this.#buffer.subarray(this.#at, this.#end);
    this.#end = this.#at;
    return this.#isLarge ? Buffer.from(piece) : piece;
  }

  #take(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    this.#chunks.unshift(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), this.#handOut());
    this.#chunksLength = length;
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
    const written = this.#buffer.subarray(this.#at, this.#end);
    const needed = written.length + size;
    if (needed <= BUFFER_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    else this.#enterLarge(needed);
    this.#end = this.#buffer.length;
    this.#at = this.#end - written.length;
    this.#buffer.set(written, this.#at);
  }

  #enterLarge(size: number): void {
    if (!this.#isLarge) this.#usual = { buffer: this.#buffer, end: this.#end };
    // Twice the size: what did not fit may go on growing.
    this.#buffer = this.#large.length >= size ? this.#large : Buffer.allocUnsafeSlow(2 * size);
  }

  #leaveLarge(): void {
    if (this.#buffer.length <= KEPT_BYTES) this.#large = this.#buffer;
    this.#buffer = this.#usual.buffer;
    this.#end = this.#usual.end;
  }
}
