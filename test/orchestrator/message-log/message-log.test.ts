import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack, timestampDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { type AgentMessage, AgentMessageSchema } from '../../../gen/troupe/v1/agent_message_pb.js';
import { describeRecord } from '../../../services/orchestrator/message-log/describe-record.ts';
import { MessageLog, type NewRecord } from '../../../services/orchestrator/message-log/message-log.ts';
import { Payload } from '../../../services/protocol/codec/payload.ts';
import { troupeError } from '../../../services/protocol/reason.ts';
import { toValue } from '../../../services/protocol/value.ts';
import { idsIn, message, recordTasks } from './messages.ts';

/** What a log tells of the only record that it is given. */
function told(entry: Partial<NewRecord> & { message: AgentMessage }, log = new MessageLog()) {
  log.record({ instanceId: 'a/1', ...entry });
  return describeRecord([...log.newestFirst()][0]!);
}

const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, '']));

describe('a message log', () => {
  it('keeps the last records, numbered without gaps', () => {
    const log = new MessageLog({ maxRecords: 3 });
    recordTasks(log, 5);
    expect(idsIn(log)).toEqual(['5', '4', '3']);
    expect(Array.from(log.newestFirst(), ({ sequence }) => sequence)).toEqual([5, 4, 3]);
  });

  it('keeps 10,000 by default', () => {
    const log = new MessageLog();
    recordTasks(log, 10_001);
    expect(idsIn(log)).toHaveLength(10_000);
  });

  it('keeps fewer where they are large, but always the newest', () => {
    const log = new MessageLog({ maxBytes: 1_000_000 });
    const task = 'x'.repeat(100_000);
    for (const id of ['1', '2', '3', '4', '5', '6']) {
      log.record({ message: message('TASK', { id, task }), instanceId: '' });
    }
    expect(idsIn(log)).toEqual(['6', '5', '4', '3']);
    log.record({ message: message('TASK', { id: '7', task: task.repeat(10) }), instanceId: '' });
    expect(idsIn(log)).toEqual(['7']);
    recordTasks(log, 3, 'small-');
    expect(idsIn(log)).toEqual(['small-3', 'small-2', 'small-1']);
  });

  it.each<[string, MessageInitShape<typeof AgentMessageSchema>]>([
    ['attachments', { attachments: Array(1000).fill({}) }],
    ['headers', { headers: named(1000) }],
    ['labels', { routing: { labels: named(1000) } }],
    ['details of an error', { error: { details: Array(1000).fill({}) } }],
  ])('keeps fewer where they have many %s, be those empty', (_, init) => {
    const log = new MessageLog({ maxBytes: 400_000 });
    for (const id of ['1', '2', '3', '4'])
      log.record({ message: message('TASK', { ...init, id }), instanceId: 'a/1' });
    expect(idsIn(log).length).toBeLessThan(4);
  });

  it.each([
    ['UNSPECIFIED', true],
    ['TASK', true],
    ['BROADCAST', true],
    ['RESULT', true],
    ['ERROR', true],
    ['PROGRESS', false],
    ['HEARTBEAT', false],
    ['CANCEL', false],
  ] as const)('keeps a message of type %s: %s', (type, kept) => {
    const log = new MessageLog();
    log.record({ message: message(type), instanceId: '' });
    expect(idsIn(log)).toHaveLength(kept ? 1 : 0);
  });
});

describe('a record', () => {
  const secret = message('TASK', {
    id: 't1',
    sender: 'cli',
    receiver: 'a',
    capability: 'x',
    task: 'summarise',
    headers: { traceparent: '00' },
    routing: { labels: { region: 'eu' }, affinityKey: 'mine' },
    payload: toValue({ secret: 1 }),
    attachments: [
      { name: 'a.txt', mediaType: 'text/plain', content: { case: 'data', value: new Uint8Array([1]) } },
      { name: 'b.txt', content: { case: 'uri', value: 'https://example.com/signed' } },
    ],
    $unknown: [{ no: 99, wireType: 0, data: new Uint8Array([1]) }],
  });

  it('tells the envelope, without the payload, the content of attachments and what is not known', () => {
    const before = Date.now();
    const record = told({ message: secret, instanceId: 'a/1' });
    const { payload, attachments, $unknown, ...envelope } = record.message!;
    const { payload: _, attachments: __, $unknown: ___, ...sent } = secret;
    expect(envelope).toEqual(sent);
    expect(payload).toBeUndefined();
    expect($unknown).toBeUndefined();
    expect(attachments).toMatchObject([
      { name: 'a.txt', mediaType: 'text/plain', content: { case: undefined } },
      { name: 'b.txt', mediaType: '', content: { case: undefined } },
    ]);
    expect(record).toMatchObject({ sequence: 1n, instanceId: 'a/1' });
    expect(record.outcome).toBeUndefined();
    expect(record.duration).toBeUndefined();
    expect(timestampDate(record.recordedAt!).getTime()).toBeGreaterThanOrEqual(before);
  });

  it('tells the whole message where payloads are kept', () => {
    const { message } = told({ message: secret }, new MessageLog({ keepPayloads: true }));
    expect(toBinary(AgentMessageSchema, message!)).toEqual(toBinary(AgentMessageSchema, secret));
  });

  it('counts kept payloads towards the bytes of the log', () => {
    const log = new MessageLog({ keepPayloads: true, maxBytes: 100_000 });
    const payload = toValue('x'.repeat(40_000));
    for (const id of ['1', '2', '3'])
      log.record({ message: message('TASK', { id, payload }), instanceId: '' });
    expect(idsIn(log)).toEqual(['3', '2']);
  });

  it('of a task that reached no instance tells none of its attachments', () => {
    const log = new MessageLog({ keepPayloads: true });
    const { message } = told({ message: secret, instanceId: '' }, log);
    expect(message).toMatchObject({ id: 't1', attachments: [] });
    expect(secret.attachments).toHaveLength(2);
  });

  it('holds on to no buffer for what is not known of a routing or an error', () => {
    const $unknown = [{ no: 99, wireType: 2, data: Buffer.alloc(256 * 1024).subarray(0, 8) }];
    const task = message('TASK', { routing: { affinityKey: 'mine' }, error: { code: 8 } });
    task.routing!.$unknown = $unknown;
    task.error!.$unknown = $unknown;
    const { message: kept } = told({ message: task });
    expect(kept?.routing).toMatchObject({ affinityKey: 'mine' });
    expect(kept?.routing?.$unknown).toBeUndefined();
    expect(kept?.error).toMatchObject({ code: 8 });
    expect(kept?.error?.$unknown).toBeUndefined();
  });

  it.each([2n ** 63n - 1n, -(2n ** 63n)])(
    'tells of a time of %d seconds the nearest that it can keep',
    (seconds) => {
      const { message: kept } = told({
        message: message('TASK', { timestamp: { seconds }, ttl: { seconds } }),
      });
      const nearest = BigInt(Number.MAX_SAFE_INTEGER) * (seconds < 0n ? -1n : 1n);
      expect([kept?.timestamp?.seconds, kept?.ttl?.seconds]).toEqual([nearest, nearest]);
    },
  );

  it('tells the envelope where the payload that was kept does not decode', () => {
    const payload = new Payload(Buffer.from('1a02fffe', 'hex'));
    const log = new MessageLog({ keepPayloads: true });
    expect(told({ message: { ...secret, payload } }, log).message).toMatchObject({
      id: 't1',
      task: 'summarise',
    });
    expect(told({ message: { ...secret, payload } }, log).message?.payload).toBeUndefined();
  });

  it('stays as it was when the message changes afterwards', () => {
    const task = message('TASK', { id: 't1', attempt: 1 });
    const log = new MessageLog();
    log.record({ message: task, instanceId: '' });
    task.attempt = 2;
    expect([...log.newestFirst()][0]?.message.attempt).toBe(1);
  });

  it('of a RESULT says OK and how long the task took', () => {
    const record = told({ message: message('RESULT'), durationMs: 1_234.4 });
    expect(record.outcome).toMatchObject({ code: 0, message: '' });
    expect(record.duration).toMatchObject({ seconds: 1n, nanos: 234_000_000 });
  });

  it('of an ERROR says the failure that it carries, and holds on to no buffer of its details', () => {
    const batch = Buffer.alloc(256 * 1024);
    const detail = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: 'OVERLOADED' }));
    batch.set(detail.value);
    const value = batch.subarray(0, detail.value.length);
    const error = { code: 8, message: 'full', details: [{ typeUrl: detail.typeUrl, value }] };
    const record = told({ message: message('ERROR', { error }) });
    expect(record.outcome).toMatchObject({
      code: 8,
      message: 'full',
      details: [{ typeUrl: detail.typeUrl }],
    });
    expect(new Uint8Array(record.outcome!.details[0]!.value)).toEqual(new Uint8Array(detail.value));
    expect(record.outcome!.details[0]!.value.buffer.byteLength).toBeLessThan(batch.length);
  });

  it('of a message that failed without an ERROR says why', () => {
    const outcome = troupeError('NO_LIVE_INSTANCE', 'nobody is there');
    const record = told({ message: message('BROADCAST'), outcome });
    expect(record.outcome).toEqual(outcome.toStatus());
  });
});
