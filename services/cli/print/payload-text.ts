import type { JsonValue } from '../../protocol/value.ts';
import { printable } from './printable.ts';
import type { Printer } from './printer.ts';

/** A payload as people read it: text as it is, anything else as JSON over several lines. */
export function payloadText(payload: JsonValue, printer: Printer): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload, undefined, 2);
  // A file or a pipe gets what was sent; a terminal would obey control characters.
  return printer.live ? printable(text) : text;
}
