import type { JsonValue } from '../../protocol/value.ts';
import { oneLine } from './printable.ts';

/** The payload of a PROGRESS on one line of at most `width` characters: text as it is, anything else as JSON. */
export function progressText(payload: JsonValue, width: number): string {
  return oneLine(typeof payload === 'string' ? payload : JSON.stringify(payload), width);
}
