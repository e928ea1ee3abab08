import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentMessageSchema, MessageType } from '../../gen/troupe/v1/agent_message_pb.js';
import {
  admitMessage,
  admitSize,
  checkMessage,
  completeMessage,
  MAX_MESSAGE_BYTES,
} from '../../services/protocol/message.ts';
import { refusal } from './refusal.ts';

type MessageInit = MessageInitShape<typeof AgentMessageSchema>;

function message(init: MessageInit = {}) {
  return create(AgentMessageSchema, init);
}

function headers(count: number, valueBytes = 1): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'x'.repeat(valueBytes)]));
}

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, '']));
}

function attachments(count: number): { name: string }[] {
  return Array.from({ length: count }, (_, i) => ({ name: `a${i}` }));
}

const long = 'ü'.repeat(128);

describe('a message that is received', () => {
  it('gets an id, a sender, a timestamp and a type where it has none', () => {
    const received = message({ capability: 'text.summarize' });
    expect(completeMessage(received)).toBe(received);
    expect(received.id).toMatch(/^[0-9a-f-]{14}7/);
    expect(received).toMatchObject({
      sender: 'anonymous',
      type: MessageType.TASK,
      capability: 'text.summarize',
    });
    expect(Math.abs(Number(received.timestamp?.seconds) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('keeps what it has', () => {
    const init = {
      id: 'mine',
      sender: 'me',
      type: MessageType.BROADCAST,
      timestamp: { seconds: 7n },
      payload: { kind: { case: 'boolValue', value: false } },
    } as const;
    expect(completeMessage(message(init), { sender: 'you' })).toEqual(message(init));
  });

  it('takes the sender that its receiver knows it by', () => {
    expect(completeMessage(message(), { sender: 'cli' }).sender).toBe('cli');
  });
});

const valid: { name: string; init: MessageInit }[] = [
  { name: 'an empty message', init: {} },
  { name: 'a ttl of zero', init: { ttl: {} } },
  { name: 'a ttl above the maximum', init: { ttl: { seconds: 86_400n, nanos: 999_999_999 } } },
  { name: '32 headers', init: { headers: headers(32) } },
  { name: '8 KiB of headers', init: { headers: { name: 'x'.repeat(8188) } } },
  { name: 'attachments of different names', init: { attachments: [{ name: 'a' }, { name: 'b' }] } },
  { name: 'names of 256 bytes', init: { id: long, sender: long, idempotencyKey: 'ü'.repeat(128) } },
  { name: '256 attachments', init: { attachments: attachments(256) } },
  { name: '16 hops', init: { hops: 16 } },
  { name: '64 labels to go by', init: { routing: { labels: labels(64) } } },
  { name: 'labels as long as they may be', init: { routing: { labels: { [long]: long } } } },
  { name: 'an affinity key of 256 bytes', init: { routing: { affinityKey: long } } },
  { name: 'a type of the future', init: { type: 99 as MessageType } },
];

const invalid: { name: string; init: MessageInit; fields: string[] }[] = [
  { name: 'a negative ttl', init: { ttl: { seconds: -1n } }, fields: ['ttl'] },
  { name: 'a ttl negative by a nanosecond', init: { ttl: { nanos: -1 } }, fields: ['ttl'] },
  { name: 'a ttl with too many nanos', init: { ttl: { nanos: 1_000_000_000 } }, fields: ['ttl'] },
  { name: '33 headers', init: { headers: headers(33) }, fields: ['headers'] },
  { name: 'over 8 KiB of headers', init: { headers: { name: 'x'.repeat(8189) } }, fields: ['headers'] },
  { name: 'over 8 KiB in UTF-8', init: { headers: { name: 'ü'.repeat(4095) } }, fields: ['headers'] },
  { name: 'many large headers', init: { headers: headers(33, 300) }, fields: ['headers', 'headers'] },
  {
    name: 'names that are too long',
    init: {
      id: `${long}x`,
      sender: `${long}x`,
      receiver: `${long}x`,
      capability: `${long}x`,
      correlationId: `${long}x`,
      idempotencyKey: 'ü'.repeat(129),
    },
    fields: ['id', 'sender', 'receiver', 'capability', 'correlation_id', 'idempotency_key'],
  },
  { name: '65 labels to go by', init: { routing: { labels: labels(65) } }, fields: ['routing.labels'] },
  {
    name: 'a label whose key is too long',
    init: { routing: { labels: { ['x'.repeat(129)]: '' } } },
    fields: [`routing.labels.${'x'.repeat(129)}`],
  },
  {
    name: 'a label whose value is too long, and an affinity key',
    init: { routing: { labels: { a: `${long}x` }, affinityKey: `${long}x` } },
    fields: ['routing.labels.a', 'routing.affinity_key'],
  },
  { name: '257 attachments', init: { attachments: attachments(257) }, fields: ['attachments'] },
  {
    name: 'too many labels, too long',
    init: {
      routing: { labels: Object.fromEntries(Object.keys(labels(65)).map((key) => [key, `${long}x`])) },
    },
    fields: ['routing.labels'],
  },
  {
    name: 'attachments without names, or with one name',
    init: { ttl: { seconds: -1n }, attachments: [{ name: 'a' }, {}, { name: 'b' }, { name: 'a' }] },
    fields: ['ttl', 'attachments[1].name', 'attachments[3].name'],
  },
];

describe('a message is let in', () => {
  it.each(valid)('with $name', ({ init }) => {
    expect(checkMessage(message(init))).toEqual([]);
    expect(() => admitMessage(message(init), MAX_MESSAGE_BYTES)).not.toThrow();
  });
});

describe('a message is refused', () => {
  it.each(invalid)('with $name, INVALID_MESSAGE', async ({ init, fields }) => {
    const refused = await refusal(() => admitMessage(message(init)));
    expect(refused).toMatchObject({ reason: 'INVALID_MESSAGE', fields });
    expect(refused.text).toContain(`: ${fields[0]} `);
  });

  it('with the first 32 of what is wrong with it', () => {
    expect(checkMessage(message({ attachments: Array(256).fill({}) }))).toHaveLength(32);
  });

  it('with 17 hops, HOP_LIMIT', async () => {
    const refused = await refusal(() => admitMessage(message({ hops: 17 })));
    expect(refused).toMatchObject({ reason: 'HOP_LIMIT', fields: [] });
  });

  it('above 4 MiB - 64 KiB, MESSAGE_TOO_LARGE', async () => {
    const tooLarge = MAX_MESSAGE_BYTES + 1;
    expect(tooLarge).toBe(4_128_769);
    expect(await refusal(() => admitMessage(message(), tooLarge))).toMatchObject({
      reason: 'MESSAGE_TOO_LARGE',
    });
    expect(await refusal(() => admitSize(tooLarge))).toMatchObject({ reason: 'MESSAGE_TOO_LARGE' });
  });
});
