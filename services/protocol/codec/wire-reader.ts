import { TextTable } from './text-table.ts';
import { UNUSUAL } from './unusual.ts';

/** Wire types, as of https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** As protobuf-es reads strings: what is no UTF-8 is refused, a byte-order mark is text. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Texts up to this length are looked at byte by byte: a call into the runtime costs more. */
const SHORT_TEXT = 64;

/** The names of agents and capabilities that come again and again. */
const names = new TextTable();

/** Reads protobuf's wire format from a buffer, field by field. It throws UNUSUAL on whatever is not plain. */
export class WireReader {
  readonly buffer: Buffer;
  /** Where the next byte is. */
  at: number;
  /** Where the bytes end that may be read now. */
  end: number;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = start;
    this.end = end;
  }

  /** Whether there is more to read. */
  get more(): boolean {
    return this.at < this.end;
  }

  /** Reads an unsigned varint of up to 2^49 - 1. */
  varint(): number {
    const { buffer, end } = this;
    let at = this.at;
    if (at >= end) throw UNUSUAL;
    let byte = buffer[at++]!;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      if (at >= end || scale > 2 ** 42) throw UNUSUAL;
      byte = buffer[at++]!;
      value += (byte & 0x7f) * scale;
    }
    this.at = at;
    return value;
  }

  /** Reads a uint32. */
  uint32(): number {
    const value = this.varint();
    if (value > 0xffffffff) throw UNUSUAL;
    return value;
  }

  /** Reads an int32 or an enum. One below zero is UNUSUAL. */
  int32(): number {
    const value = this.varint();
    if (value > 0x7fffffff) throw UNUSUAL;
    return value;
  }

  /** Reads a length, and answers where what is that long ends. */
  delimited(): number {
    const size = this.varint();
    const end = this.at + size;
    if (end > this.end) throw UNUSUAL;
    return end;
  }

  /** Reads a double. */
  double(): number {
    const at = this.at;
    if (at + 8 > this.end) throw UNUSUAL;
    this.at = at + 8;
    return this.buffer.readDoubleLE(at);
  }

  /** Reads a text with its length before it. What is no UTF-8 is UNUSUAL. */
  text(): string {
    const start = this.#pass();
    const { at, buffer } = this;
    return isShortAscii(buffer, start, at) ? buffer.toString('latin1', start, at) : utf8(buffer, start, at);
  }

  /** The same for a text that is likely to have come before, such as a name. */
  name(): string {
    const start = this.#pass();
    const { at, buffer } = this;
    return isShortAscii(buffer, start, at) ? names.text(buffer, start, at) : utf8(buffer, start, at);
  }

  /** Reads a message or bytes with their length before them, as a view of the buffer. */
  view(): Buffer {
    const start = this.#pass();
    return this.buffer.subarray(start, this.at);
  }

  /** Skips the value of a field of that wire type. */
  skip(wireType: number): void {
    if (wireType === VARINT) {
      for (let size = 1; this.buffer[this.at++]! >= 0x80; size++) if (size === 10) throw UNUSUAL;
    } else if (wireType === LENGTH_DELIMITED) this.at = this.delimited();
    else if (wireType === FIXED64) this.at += 8;
    else if (wireType === FIXED32) this.at += 4;
    else throw UNUSUAL;
    if (this.at > this.end) throw UNUSUAL;
  }

  /** Goes past what has its length before it, and answers where it starts. */
  #pass(): number {
    const end = this.delimited();
    const start = this.at;
    this.at = end;
    return start;
  }
}

function utf8(buffer: Buffer, start: number, end: number): string {
  try {
    return strictUtf8.decode(buffer.subarray(start, end));
  } catch {
    throw UNUSUAL;
  }
}

function isShortAscii(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT_TEXT) return false;
  for (let at = start; at < end; at++) if (buffer[at]! > 0x7f) return false;
  return true;
}
