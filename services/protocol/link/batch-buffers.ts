/** How large a buffer is that is lent, in bytes: a full batch, and a little more for its last message. */
const LENT_BYTES = 257 * 1024;

/** From which size on a batch is worth a buffer that is lent, in bytes. */
const WORTH_BYTES = 32 * 1024;

/** How many buffers are kept while nobody has them: 2 MiB in all. */
const MAX_KEPT = 8;

const kept: Buffer[] = [];

/**
 * A buffer of that size for a batch on its way out. Large ones come back by `giveBack` and are used again: memory that
 * is new for each batch costs more than what is written into it, in page faults now and in garbage collections later.
 */
export function lendBuffer(size: number): Buffer {
  if (size < WORTH_BYTES || size > LENT_BYTES) return Buffer.allocUnsafe(size);
  return (kept.pop() ?? Buffer.allocUnsafeSlow(LENT_BYTES)).subarray(0, size);
}

/** Takes back a buffer that nobody reads any more. Without effect on one that was not lent from what is kept. */
export function giveBack(buffer: Buffer): void {
  const isLent = buffer.buffer.byteLength === LENT_BYTES && buffer.byteOffset === 0;
  if (isLent && kept.length < MAX_KEPT) kept.push(Buffer.from(buffer.buffer, 0, LENT_BYTES));
}
