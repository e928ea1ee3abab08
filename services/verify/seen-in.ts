import { RpcError } from '../rpc/rpc-error.ts';
import { shown } from './summarize.ts';

/** What was seen when something was thrown: the text of a breach, or of a call that failed its code too. */
export function seenIn(thrown: unknown): string {
  if (thrown instanceof RpcError) return shown(String(thrown));
  return thrown instanceof Error ? thrown.message : String(thrown);
}
