import { describe, expect, it } from 'vitest';
import type { TaskContext } from '../../services/agent/index.ts';
import { fromValue } from '../../services/protocol/value.ts';
import { DOORS, served } from './agents.ts';

describe.each(DOORS)('A handler over %s', (door) => {
  it.each([
    ['what its sender says', { idempotencyKey: 'order-7', attempt: 3 }, { key: 'order-7', attempt: 3 }],
    ['its id, as the first attempt, where that says nothing', {}, { key: 'one', attempt: 1 }],
  ])('knows a task it may have done before by %s', async (_, said, seen) => {
    const handle = (_: never, { idempotencyKey: key, attempt }: TaskContext) => ({ key, attempt });
    const { ask } = await served({ capabilities: { look: { handle } } });
    expect(fromValue((await ask[door]({ id: 'one', ...said }))?.payload)).toEqual(seen);
  });
});
