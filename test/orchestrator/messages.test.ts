import { describe, expect, it } from 'vitest';
import { MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import type { MessageRecord } from '../../gen/troupe/v1/message_record_pb.js';
import { fromValue, toValue } from '../../services/protocol/value.ts';
import { echo, patient } from './agents.ts';
import { failure, TestMesh, WAYS } from './test-mesh.ts';

async function meshOf(mesh: TestMesh, options: Parameters<TestMesh['orchestrator']>[0], ...ids: string[]) {
  const orchestrator = await mesh.orchestrator(options);
  for (const id of ids) {
    await mesh.agent(echo(id, [`${id}.say`]), { orchestrators: [orchestrator.address] });
    await orchestrator.knows(id);
  }
  return orchestrator;
}

const inWords = ({ message, outcome }: MessageRecord) =>
  `${MessageType[message!.type]} ${outcome?.code ?? ''}`.trim();

describe.each(WAYS)('the message log, of a task by $caller to an agent by $agent,', ({ caller, agent }) => {
  const mesh = new TestMesh({ agents: agent });

  it('holds a task with its end: who did it, how long it took, and how it ended', async () => {
    const { rpc, ask } = await mesh.joinedBy(echo('echo', ['echo.say']));
    const { agent: known } = await rpc.getAgent({ agentId: 'echo' });
    const { instanceId } = known!.instances[0]!;
    const task = {
      id: 'task-1',
      sender: 'me',
      correlationId: 'group',
      capability: 'echo.say',
      payload: toValue('secret'),
    };
    await ask[caller](task);
    const { records } = await rpc.listMessages({});
    expect(records.map(inWords)).toEqual(['RESULT 0', 'TASK']);
    const [result, sent] = records;
    expect(sent).toMatchObject({
      instanceId,
      message: { id: 'task-1', sender: 'me', receiver: 'echo', attempt: 1 },
    });
    expect(result).toMatchObject({
      instanceId,
      message: { sender: 'echo', receiver: 'me', correlationId: 'task-1' },
    });
    expect(Number(result?.duration?.nanos)).toBeGreaterThanOrEqual(0);
    expect(result!.sequence).toBe(sent!.sequence + 1n);
    for (const { message } of records) expect(message?.payload).toBeUndefined();
    for (const filter of [{ correlationId: 'task-1' }, { agentId: 'echo' }, { capability: 'echo.say' }])
      expect((await rpc.listMessages({ filter })).records).toHaveLength(2);
    expect((await rpc.listMessages({ filter: { agentId: 'somebody' } })).records).toEqual([]);
  });

  it('holds a task that reached nobody, with the reason', async () => {
    const { rpc, ask } = await mesh.settledWith();
    await failure(ask[caller]({ id: 'lost', capability: 'nobody.can' }));
    const { records } = await rpc.listMessages({ filter: { correlationId: 'lost' } });
    expect(records.map(inWords)).toEqual(['ERROR 5', 'TASK']);
    expect(records[0]).toMatchObject({ instanceId: '', outcome: { code: 5 } });
    expect(records[0]?.outcome?.details).toHaveLength(1);
  });

  it('holds one end of each, whatever it was', async () => {
    const { definition, started } = patient();
    const { rpc, ask } = await mesh.joinedBy(definition, echo('echo', ['echo.say']));
    const cancel = new AbortController();
    const cancelled = failure(
      ask[caller]({ id: 'cancelled', capability: 'patient.work' }, { signal: cancel.signal }),
    );
    await started;
    cancel.abort();
    const ttl = { nanos: 100_000_000 };
    await Promise.all([
      cancelled,
      failure(ask[caller]({ id: 'late', capability: 'patient.work', ttl })),
      failure(ask[caller]({ id: 'expired', capability: 'patient.work', ttl: {} })),
      failure(ask[caller]({ id: 'bad', capability: 'echo.say', hops: 17 })),
      ask[caller]({ id: 'done', capability: 'echo.say' }),
    ]);
    const ends = async (correlationId: string) =>
      (await rpc.listMessages({ filter: { correlationId } })).records.map(inWords);
    // A caller that resets its call does not wait for the orchestrator to note it.
    await expect.poll(() => ends('cancelled')).toEqual(['ERROR 1', 'TASK']);
    expect(await ends('late')).toEqual(['ERROR 4', 'TASK']);
    expect(await ends('expired')).toEqual(['ERROR 4', 'TASK']);
    expect(await ends('bad')).toEqual(['ERROR 9', 'TASK']);
    expect(await ends('done')).toEqual(['RESULT 0', 'TASK']);
  });
});

describe('the message log', () => {
  const mesh = new TestMesh();

  it('holds payloads only where it was switched on', async () => {
    const { rpc } = await meshOf(mesh, { logPayloads: true }, 'echo');
    await rpc.dispatch({ message: { capability: 'echo.say', payload: toValue({ kept: true }) } });
    const { records } = await rpc.listMessages({});
    expect(records.map(({ message }) => fromValue(message?.payload))).toEqual([
      { by: 'echo', said: { kept: true } },
      { kept: true },
    ]);
  });

  it('is read a page at a time', async () => {
    const { rpc } = await meshOf(mesh, {}, 'echo');
    for (let i = 0; i < 3; i++) await rpc.dispatch({ message: { capability: 'echo.say' } });
    const sequences: bigint[] = [];
    let pageToken = '';
    do {
      const page = await rpc.listMessages({ pageSize: 4, pageToken });
      sequences.push(...page.records.map(({ sequence }) => sequence));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(sequences).toEqual([6n, 5n, 4n, 3n, 2n, 1n]);
    expect(await failure(rpc.listMessages({ pageToken: 'made up' }))).toBe(
      'INVALID_ARGUMENT / INVALID_MESSAGE',
    );
  });

  it('is watched as it grows, beginning with the latest where that is asked for', async () => {
    const { rpc } = await meshOf(mesh, {}, 'echo', 'other');
    await rpc.dispatch({ message: { capability: 'echo.say' } });
    await rpc.dispatch({ message: { capability: 'other.say' } });
    const watch = rpc.watchMessages({ filter: { agentId: 'echo' }, last: 1 })[Symbol.asyncIterator]();
    const next = async () => inWords((await watch.next()).value!.record!);
    expect(await next()).toBe('RESULT 0');
    await rpc.dispatch({ message: { capability: 'other.say' } });
    await rpc.dispatch({ message: { capability: 'echo.say' } });
    expect([await next(), await next()]).toEqual(['TASK', 'RESULT 0']);
    await watch.return?.();
  });
});
