import type { Troupe } from '../../../../services/client/index.ts';
import { reasonOf } from '../../../../services/protocol/reason.ts';
import { RpcError } from '../../../../services/rpc/rpc-error.ts';
import { CAPABILITY } from '../direct/message.ts';

/**
 * Shows that nothing was switched off for the sake of figures: a bad payload is refused by its schema, a deadline
 * ends a task, and the message log holds what went through.
 */
export async function checkFeatures(troupe: Troupe): Promise<void> {
  const bad = troupe.dispatch(CAPABILITY, { n: 'many', kind: 'bench', text: '' });
  await expectReason(bad, 'INVALID_PAYLOAD', 'a payload that does not meet the schema');
  const slow = troupe.dispatch(
    'bench.progress',
    { events: 1_000_000, listener: 'nobody' },
    { timeoutMs: 100 },
  );
  await expectReason(slow, 'TASK_TIMED_OUT', 'a task that takes longer than its deadline');
  const { orchestrator } = await troupe.reach();
  const { records } = await orchestrator.listMessages({ filter: { capability: CAPABILITY }, pageSize: 1 });
  if (records.length === 0) throw new Error('The message log holds nothing of the tasks that went through.');
}

async function expectReason(task: Promise<unknown>, reason: string, what: string): Promise<void> {
  const error = await task.then(
    () => undefined,
    (thrown: unknown) => RpcError.from(thrown),
  );
  const got = error ? (reasonOf(error) ?? error.message) : 'a result';
  if (got !== reason) throw new Error(`${what} ended with ${got} instead of ${reason}.`);
}
