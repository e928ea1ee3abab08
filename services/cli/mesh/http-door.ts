import { type Address, parseAddress } from '../../rpc/address.ts';
import { DEFAULT_ORCHESTRATOR } from '../session.ts';
import { freeAddress } from './free-address.ts';

/** Where the HTTP door is where nobody says: the place that curl's users try first. */
const USUAL = '127.0.0.1:8080';

/**
 * Where the HTTP door of a mesh on this machine is, or `off`. It is where it is asked for; else at the usual
 * place, where the orchestrator is at its own usual place too, and nothing else listens there: that is told.
 *
 * @param asked What an option or TROUPE_HTTP says.
 * @param orchestrator Where the orchestrator listens.
 */
export async function httpDoor(
  asked: string | undefined,
  orchestrator: string,
  tell: (line: string) => Promise<void>,
): Promise<string> {
  if (asked) return asked;
  if (orchestrator !== DEFAULT_ORCHESTRATOR) return 'off';
  try {
    await freeAddress(parseAddress(USUAL) as Address);
    return USUAL;
  } catch {
    await tell(`There is no HTTP door: something listens at ${USUAL} already. --http puts it elsewhere.`);
    return 'off';
  }
}
