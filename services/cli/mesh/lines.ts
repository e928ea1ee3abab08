import type { Readable } from 'node:stream';

/** How long a line may be, in characters; the rest of a longer one comes as a line of its own. */
const MAX_LINE = 64 * 1024;

/**
 * The lines of a stream of UTF-8, without their ends; the last one needs none. The next is read when the last was
 * taken.
 */
export async function* lines(stream: Readable): AsyncGenerator<string, void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const parts = `${rest}${chunk}`.split(/\r?\n/);
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length > MAX_LINE) {
      yield rest;
      rest = '';
    }
  }
  if (rest !== '') yield rest;
}
