import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentCardSchema, type CapabilitySchema } from '../../gen/troupe/v1/agent_card_pb.js';
import { checkCard } from '../../services/protocol/card.ts';

type CardInit = MessageInitShape<typeof AgentCardSchema>;
type CapabilityInit = MessageInitShape<typeof CapabilitySchema>;

function fieldsOf(init: CardInit): string[] {
  const card = create(AgentCardSchema, { id: 'summarizer', instanceId: 'i-1', ...init });
  return checkCard(card).map(({ field }) => field);
}

function capability(init: CapabilityInit): CardInit {
  return { capabilities: [{ name: 'text.summarize', ...init }] };
}

function many(count: number): CapabilityInit[] {
  return Array.from({ length: count }, (_, i) => ({ name: `c${i}` }));
}

function labels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, '']));
}

const long = 'x'.repeat(128);

describe('a card is valid', () => {
  it.each<{ name: string; init: CardInit }>([
    { name: 'an id and an instance_id alone', init: {} },
    { name: 'ids as long as they may be', init: { id: long, instanceId: '🎭'.repeat(128) } },
    { name: 'every character of a name', init: { id: 'aZ09._-' } },
    { name: '256 capabilities', init: { capabilities: many(256) } },
    { name: '64 labels', init: { labels: labels(64) } },
    { name: 'labels as long as they may be', init: { labels: { [long]: 'ü'.repeat(128) } } },
    { name: 'a schema that refers to itself', init: capability({ inputSchema: { items: { $ref: '#' } } }) },
    { name: 'a property called $ref', init: capability({ inputSchema: { properties: { $ref: {} } } }) },
    {
      name: 'a $ref that is data',
      init: capability({ inputSchema: { const: { $ref: 'https://a.example' } } }),
    },
    {
      name: 'an output schema of any kind',
      init: capability({ outputSchema: { $ref: 'https://a.example' } }),
    },
    { name: 'a default_ttl of one hour', init: capability({ defaultTtl: { seconds: 3600n } }) },
    { name: 'a revision of the future', init: { protocolRevision: 7 } },
  ])('with $name', ({ init }) => {
    expect(fieldsOf(init)).toEqual([]);
  });
});

describe('a card breaks a rule', () => {
  it.each<{ name: string; init: CardInit; fields: string[] }>([
    { name: 'no id', init: { id: '' }, fields: ['id'] },
    { name: 'an id with a space', init: { id: 'a b' }, fields: ['id'] },
    { name: 'an id with a line break at its end', init: { id: 'a\n' }, fields: ['id'] },
    { name: 'more than 256 KiB', init: { id: '', description: 'x'.repeat(256 * 1024) }, fields: ['card'] },
    { name: 'an id that is too long', init: { id: `${long}x` }, fields: ['id'] },
    { name: 'no instance_id', init: { instanceId: '' }, fields: ['instance_id'] },
    { name: 'an instance_id that is too long', init: { instanceId: `${long}x` }, fields: ['instance_id'] },
    { name: '257 capabilities', init: { capabilities: many(257) }, fields: ['capabilities'] },
    { name: 'a capability without a name', init: { capabilities: [{}] }, fields: ['capabilities[0].name'] },
    {
      name: 'a capability twice',
      init: { capabilities: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
      fields: ['capabilities[2].name'],
    },
    { name: '65 labels', init: { labels: labels(65) }, fields: ['labels'] },
    {
      name: 'a label whose key is too long',
      init: { labels: { [`${long}x`]: '' } },
      fields: [`labels.${long}x`],
    },
    { name: 'a label whose value is too long', init: { labels: { a: `${long}x` } }, fields: ['labels.a'] },
    {
      name: 'an input schema over 64 KiB',
      init: capability({ inputSchema: { title: 'x'.repeat(65_536) } }),
      fields: ['capabilities[0].input_schema'],
    },
    {
      name: 'an input schema that refers elsewhere',
      init: capability({ inputSchema: { properties: { a: { $ref: 'https://schemas.example/a.json' } } } }),
      fields: ['capabilities[0].input_schema'],
    },
    {
      name: 'a default_ttl above one hour',
      init: capability({ defaultTtl: { seconds: 3600n, nanos: 1 } }),
      fields: ['capabilities[0].default_ttl'],
    },
    {
      name: 'a default_ttl in which no task can live',
      init: capability({ defaultTtl: {} }),
      fields: ['capabilities[0].default_ttl'],
    },
    {
      name: 'everything at once',
      init: { id: '', instanceId: '', labels: labels(65) },
      fields: ['id', 'instance_id', 'labels'],
    },
  ])('with $name', ({ init, fields }) => {
    expect(fieldsOf(init)).toEqual(fields);
  });
});
