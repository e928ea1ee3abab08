import { Code } from '../rpc/code.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { Check } from './check.ts';
import { broadcastChecks } from './checks/broadcast.ts';
import { capacityChecks } from './checks/capacity.ts';
import { deadlineChecks } from './checks/deadlines.ts';
import { describeChecks } from './checks/describe.ts';
import { drainChecks } from './checks/drain.ts';
import { errorChecks } from './checks/errors.ts';
import { healthChecks } from './checks/health.ts';
import { heartbeatChecks } from './checks/heartbeat.ts';
import { conversationChecks } from './checks/link-conversation.ts';
import { linkFaultChecks } from './checks/link-faults.ts';
import { messageChecks } from './checks/messages.ts';
import { payloadChecks } from './checks/payloads.ts';
import { reflectionChecks } from './checks/reflection.ts';

/** Every check, in the order in which they are run: the drain comes last, since nobody is there after it. */
export const CHECKS: readonly Check[] = [
  ...describeChecks,
  ...messageChecks,
  ...payloadChecks,
  ...deadlineChecks,
  ...errorChecks,
  ...broadcastChecks,
  ...heartbeatChecks,
  ...capacityChecks,
  ...conversationChecks,
  ...linkFaultChecks,
  ...healthChecks,
  ...reflectionChecks,
  ...drainChecks,
];

/**
 * The checks that `names` ask for, by an id (`link.cancel`) or a whole subject (`link`); all of them where
 * nothing is asked for. A name that fits none is INVALID_ARGUMENT.
 */
export function selectChecks(names: readonly string[] = []): readonly Check[] {
  if (names.length === 0) return CHECKS;
  const fits = (name: string) => (check: Check) => check.id === name || check.id.startsWith(`${name}.`);
  const unknown = names.find((name) => !CHECKS.some(fits(name)));
  if (unknown !== undefined) {
    throw new RpcError(
      Code.INVALID_ARGUMENT,
      `No check and no subject is called "${unknown}". \`troupe verify --list\` names them all.`,
    );
  }
  return CHECKS.filter((check) => names.some((name) => fits(name)(check)));
}
