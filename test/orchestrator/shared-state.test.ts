import { describe, expect, it } from 'vitest';
import { StateEventType } from '../../gen/troupe/v1/state_entry_pb.js';
import type { AgentDefinition } from '../../services/agent/index.ts';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { failure, TestMesh } from './test-mesh.ts';

const mesh = new TestMesh();

describe('the state that an orchestrator holds', () => {
  it('loses no update of many writers who heed its revisions', async () => {
    const { state } = await mesh.orchestrator();
    const writers = 20;
    const each = 5;
    const increment = async (): Promise<number> => {
      const { entry } = await state.get({ key: 'count' });
      const value = toValue(Number(fromValue(entry?.value) ?? 0) + 1);
      try {
        await state.set({ key: 'count', value, ifRevision: entry?.revision ?? 0n });
        return 0;
      } catch (error) {
        if (!(error instanceof RpcError) || error.code !== Code.ABORTED) throw error;
        return 1 + (await increment());
      }
    };
    const work = async () => {
      let conflicts = 0;
      for (let i = 0; i < each; i++) conflicts += await increment();
      return conflicts;
    };
    const conflicts = await Promise.all(Array.from({ length: writers }, work));
    const { entry } = await state.get({ key: 'count' });
    expect(fromValue(entry?.value)).toBe(writers * each);
    // It was no idle race.
    expect(conflicts.reduce((sum, n) => sum + n)).toBeGreaterThan(0);
  });

  it('is shared by agents in the middle of their tasks', async () => {
    const keeper: AgentDefinition = {
      id: 'keeper',
      capabilities: {
        'keeper.put': {
          async handle({ key, value }: { key: string; value: string }, task) {
            const entry = await task.state.set(key, value);
            return { revision: String(entry.revision) };
          },
        },
        'keeper.get': { handle: async (key: string, task) => (await task.state.get(key))?.value ?? null },
      },
    };
    const orchestrator = await mesh.orchestrator();
    const { troupe, state } = orchestrator;
    await mesh.agent(keeper, { orchestrators: [orchestrator.address] });
    await orchestrator.knows('keeper');
    const watch = state.watch({ prefix: 'notes/' })[Symbol.asyncIterator]();
    const change = watch.next();
    await state.list({});
    await troupe.dispatch('keeper.put', { key: 'notes/1', value: 'hello' });
    expect((await troupe.dispatch('keeper.get', 'notes/1')).payload).toBe('hello');
    expect((await troupe.dispatch('keeper.get', 'notes/2')).payload).toBe(null);
    const event = (await change).value?.event;
    expect(event).toMatchObject({ type: StateEventType.SET, entry: { key: 'notes/1' } });
    await watch.return?.();
  });

  it('refuses what breaks a rule, with its reason', async () => {
    const { state } = await mesh.orchestrator();
    const { entry } = await state.set({ key: 'k', value: toValue(1) });
    const refused: [Promise<unknown>, string][] = [
      [state.get({ key: '' }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
      [state.set({ key: 'k', value: toValue(2), ifRevision: 0n }), 'ABORTED / REVISION_CONFLICT'],
      [state.delete({ key: 'k', ifRevision: entry!.revision + 1n }), 'ABORTED / REVISION_CONFLICT'],
      [
        state.set({ key: 'k', value: { kind: { case: 'numberValue', value: Number.NaN } } }),
        'INVALID_ARGUMENT / INVALID_PAYLOAD',
      ],
      [state.list({ pageToken: 'made up' }), 'INVALID_ARGUMENT / INVALID_MESSAGE'],
    ];
    for (const [call, expected] of refused) expect(await failure(call)).toBe(expected);
    expect(await failure(state.watch({ fromRevision: 1n }))).toBe('OUT_OF_RANGE / REVISION_COMPACTED');
    expect(fromValue((await state.get({ key: 'k' })).entry?.value)).toBe(1);
  });
});
