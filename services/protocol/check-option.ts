import type { RpcError } from '../rpc/rpc-error.ts';
import { quoted } from './quoted.ts';
import { troupeError } from './reason.ts';

/** What a time-out has to be, in words for whoever gave one. */
const TIME = 'a number of milliseconds from 0: leave it out for the default';

/** How long something may take, in milliseconds, Infinity for ever: what is no number from 0 is INVALID_MESSAGE. */
export function checkedTime(field: string, ms: number): number {
  if (typeof ms !== 'number' || !(ms >= 0)) throw invalidOption(field, ms, TIME);
  return ms;
}

/** The refusal of an option, before anything is sent: its name, its value, and the rule that it breaks. */
export function invalidOption(field: string, value: unknown, rule: string): RpcError {
  const description = `is ${quoted(value)}: it must be ${rule}`;
  const violations = [{ field, description }];
  return troupeError('INVALID_MESSAGE', `The option ${field} ${description}`, { violations });
}
