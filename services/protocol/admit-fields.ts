import type { DescMessage } from '@bufbuild/protobuf';
import { type CountOptions, type Excess, excessIn } from '../rpc/count-fields.ts';
import type { RpcError } from '../rpc/rpc-error.ts';
import { troupeError } from './reason.ts';

/** Refuses, INVALID_MESSAGE, an encoded message that holds more than may be read, before anything is made of it. */
export function admitFields(desc: DescMessage, bytes: Uint8Array, options?: CountOptions): void {
  const excess = excessIn(desc, bytes, options);
  if (excess) throw tooManyFields(excess);
}

/** The refusal of a message that holds too many fields. */
export function tooManyFields(excess: Excess): RpcError {
  const text = `The message is not valid: ${excess.field} ${excess.description}. Send less at once.`;
  return troupeError('INVALID_MESSAGE', text, { violations: [excess] });
}
