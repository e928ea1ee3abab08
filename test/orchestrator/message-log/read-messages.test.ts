import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { MessageRecord } from '../../../gen/troupe/v1/message_record_pb.js';
import { ListMessagesResponseSchema } from '../../../gen/troupe/v1/orchestrator_service_pb.js';
import { listMessages } from '../../../services/orchestrator/message-log/list-messages.ts';
import { MessageLog } from '../../../services/orchestrator/message-log/message-log.ts';
import type { RecordFilter } from '../../../services/orchestrator/message-log/record-filter.ts';
import { watchMessages } from '../../../services/orchestrator/message-log/watch-messages.ts';
import { reasonOf } from '../../../services/protocol/reason.ts';
import { toValue } from '../../../services/protocol/value.ts';
import { RpcError } from '../../../services/rpc/rpc-error.ts';
import { message, recordTasks } from './messages.ts';

function ids(records: MessageRecord[]): (string | undefined)[] {
  return records.map((record) => record.message?.id);
}

/** A task of `cli` to `a` about `x` with its result, and a broadcast of `b` about nothing. */
function conversation(): MessageLog {
  const log = new MessageLog();
  const task = { id: 't', sender: 'cli', receiver: 'a', capability: 'x', correlationId: 'job' };
  log.record({ message: message('TASK', task), instanceId: 'a/1' });
  const result = { id: 'r', sender: 'a', receiver: 'cli', correlationId: 't' };
  log.record({ message: message('RESULT', result), instanceId: 'a/1', capability: 'x' });
  log.record({ message: message('BROADCAST', { id: 'b', sender: 'b' }), instanceId: '' });
  return log;
}

async function take(events: AsyncIterator<MessageRecord>, count: number): Promise<(string | undefined)[]> {
  const records: MessageRecord[] = [];
  for (let i = 0; i < count; i += 1) records.push((await events.next()).value);
  return ids(records);
}

function watch(log: MessageLog, options: { filter?: RecordFilter; last?: number } = {}) {
  const abort = new AbortController();
  const events = watchMessages(log, { ...options, signal: abort.signal })[Symbol.asyncIterator]();
  return { abort, events };
}

describe('a page of messages', () => {
  it.each<[RecordFilter, string[]]>([
    [{}, ['b', 'r', 't']],
    [{ agentId: 'a' }, ['r', 't']],
    [{ agentId: 'b' }, ['b']],
    [{ capability: 'x' }, ['r', 't']],
    [{ correlationId: 't' }, ['r', 't']],
    [{ correlationId: 'job' }, ['t']],
    [{ agentId: 'cli', capability: 'x', correlationId: 'b' }, []],
  ])('that is asked for with %j holds %j, newest first', (filter, expected) => {
    expect(ids(listMessages(conversation(), { filter }).records)).toEqual(expected);
  });

  it('is followed by older ones, whatever is recorded meanwhile', () => {
    const log = new MessageLog();
    recordTasks(log, 5);
    const first = listMessages(log, { pageSize: 2 });
    recordTasks(log, 3, 'late-');
    const second = listMessages(log, { pageSize: 2, pageToken: first.nextPageToken });
    const last = listMessages(log, { pageSize: 2, pageToken: second.nextPageToken });
    expect([first, second, last].map(({ records }) => ids(records))).toEqual([['5', '4'], ['3', '2'], ['1']]);
    expect(last.nextPageToken).toBe('');
  });

  it('is the last where what would follow does not meet the filter, or was dropped meanwhile', () => {
    const log = new MessageLog({ maxRecords: 4 });
    recordTasks(log, 4);
    expect(listMessages(log, { pageSize: 1, filter: { correlationId: '3' } }).nextPageToken).toBe('');
    const first = listMessages(log, { pageSize: 2 });
    recordTasks(log, 4, 'late-');
    const second = listMessages(log, { pageSize: 2, pageToken: first.nextPageToken });
    expect(second).toEqual({ records: [], nextPageToken: '' });
  });
});

describe('a page of large messages', () => {
  it('is within what a reader takes also where each character has three bytes', () => {
    const log = new MessageLog();
    for (let n = 1; n <= 100; n++) {
      log.record({ message: message('TASK', { id: `${n}`, task: '漢'.repeat(15_000) }), instanceId: '' });
    }
    const { records, nextPageToken } = listMessages(log, { pageSize: 1000 });
    expect(nextPageToken).not.toBe('');
    const page = create(ListMessagesResponseSchema, { records, nextPageToken });
    expect(toBinary(ListMessagesResponseSchema, page).length).toBeLessThan(4 * 2 ** 20);
  });

  it('is cut short at 2.5 MiB, and holds at least one', () => {
    const log = new MessageLog({ keepPayloads: true });
    const large = (id: string, mebibytes: number): void =>
      log.record({
        message: message('TASK', { id, payload: toValue('x'.repeat(mebibytes * 2 ** 20)) }),
        instanceId: '',
      });
    large('1', 2);
    large('2', 3.5);
    large('3', 1);
    large('4', 1);
    const pages: (string | undefined)[][] = [];
    let pageToken = '';
    do {
      const page = listMessages(log, { pageToken });
      pages.push(ids(page.records));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(pages).toEqual([['4', '3'], ['2'], ['1']]);
  });
});

describe('a watcher of messages', () => {
  it('is told what comes from now on', async () => {
    const log = new MessageLog();
    recordTasks(log, 2, 'early-');
    const { events } = watch(log);
    recordTasks(log, 2);
    expect(await take(events, 2)).toEqual(['1', '2']);
  });

  it('is told the last ones first that meet its filter, the oldest first', async () => {
    const log = conversation();
    const { events } = watch(log, { filter: { agentId: 'a' }, last: 5 });
    recordTasks(log, 1, 'other-');
    log.record({ message: message('TASK', { id: 'n', receiver: 'a' }), instanceId: '' });
    expect(await take(events, 3)).toEqual(['t', 'r', 'n']);
  });

  it('is told at most 1,000 of the last ones', async () => {
    const log = new MessageLog();
    recordTasks(log, 1_500);
    const { events } = watch(log, { last: 5_000 });
    expect(await take(events, 1)).toEqual(['501']);
  });

  it('that falls 1,024 records behind ends with SLOW_READER, and holds up nothing', async () => {
    const log = new MessageLog();
    const { events } = watch(log);
    recordTasks(log, 1_025);
    const error = await events.next().catch(RpcError.from);
    expect(reasonOf(error as RpcError)).toBe('SLOW_READER');
    expect([...log.newestFirst()]).toHaveLength(1_025);
  });

  it('ends with the reason of its signal', async () => {
    const { abort, events } = watch(new MessageLog());
    abort.abort(new Error('gone'));
    await expect(events.next()).rejects.toThrow('gone');
  });
});
