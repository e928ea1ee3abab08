import { once } from 'node:events';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Code } from '../../services/rpc/code.ts';
import { RpcError } from '../../services/rpc/rpc-error.ts';
import { DOORS, served } from './agents.ts';

it.each(DOORS)(
  'A handler that fails over %s is logged with what it threw and why, and none that answers so or was told to stop',
  async (door) => {
    const lines: Record<string, unknown>[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const fail = (thrown: unknown) => () => {
      throw thrown;
    };
    const { ask } = await served(
      {
        capabilities: {
          fails: { handle: fail(new Error('outer', { cause: new Error('inner: ECONNREFUSED') })) },
          answers: { handle: fail(new RpcError(Code.NOT_FOUND, 'There is no such page.')) },
          stops: { handle: (_, { signal }) => once(signal, 'abort').then(fail(new Error('stopped'))) },
        },
      },
      { log },
    );
    for (const capability of ['answers', 'stops', 'fails'])
      await ask[door]({ id: capability, capability, ttl: { nanos: 50_000_000 } }).catch(() => {});
    const failures = lines.filter(({ msg }) => msg === 'the handler failed');
    expect(failures).toMatchObject([{ level: 50, task: 'fails', capability: 'fails' }]);
    expect(JSON.stringify(failures)).toMatch(/outer.*inner: ECONNREFUSED/);
  },
);
