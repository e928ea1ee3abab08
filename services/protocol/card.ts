import { toBinary } from '@bufbuild/protobuf';
import { type AgentCard, AgentCardSchema, type Capability } from '../../gen/troupe/v1/agent_card_pb.js';
import { fieldPath } from './field-path.ts';
import { checkLabels, isLong, MAX_NAME_CHARACTERS } from './labels.ts';
import type { Violation } from './reason.ts';
import { schemaFault } from './schema.ts';
import { durationToMs, MAX_TTL_MS } from './ttl.ts';

/** The most capabilities on a card. */
export const MAX_CAPABILITIES = 256;

/** The most bytes of a card, encoded. Rosters hold it for each instance, and tell it to whoever asks. */
export const MAX_CARD_BYTES = 256 * 1024;

const NAME = new RegExp(`^[a-zA-Z0-9._-]{1,${MAX_NAME_CHARACTERS}}$`);
const NAME_RULE = `must be 1 to ${MAX_NAME_CHARACTERS} characters of a-z A-Z 0-9 . _ -`;

/**
 * The rules that a card breaks; of one that is too large, only that. Its input schemas are looked at as far as that goes
 * without compiling them: `compileSchema` has the last word.
 */
export function checkCard(card: AgentCard): Violation[] {
  const bytes = toBinary(AgentCardSchema, card).length;
  if (bytes > MAX_CARD_BYTES) {
    const description = `has ${bytes} bytes: at most ${MAX_CARD_BYTES} are allowed. Shorten its descriptions and schemas`;
    return [{ field: 'card', description }];
  }
  const violations: Violation[] = [];
  const check = (ok: boolean, field: string, description: string) => {
    if (!ok) violations.push({ field, description });
  };
  check(NAME.test(card.id), 'id', NAME_RULE);
  check(
    card.instanceId !== '' && !isLong(card.instanceId),
    'instance_id',
    `must be 1 to ${MAX_NAME_CHARACTERS} characters, and another for every process: a UUID does`,
  );
  violations.push(...checkLabels(card.labels, ['labels']));
  const count = card.capabilities.length;
  check(count <= MAX_CAPABILITIES, 'capabilities', `are ${count}: at most ${MAX_CAPABILITIES} are allowed`);
  const names = new Set<string>();
  for (const [i, capability] of card.capabilities.entries()) {
    checkCapability(capability, (name) => fieldPath('capabilities', [i, name]), check);
    check(
      !names.has(capability.name),
      fieldPath('capabilities', [i, 'name']),
      `is used twice: ${JSON.stringify(capability.name)}`,
    );
    names.add(capability.name);
  }
  return violations;
}

type Check = (ok: boolean, field: string, description: string) => void;

function checkCapability(capability: Capability, fieldOf: (name: string) => string, check: Check): void {
  const { name, inputSchema, defaultTtl } = capability;
  check(NAME.test(name), fieldOf('name'), NAME_RULE);
  if (inputSchema) {
    const fault = schemaFault(inputSchema);
    check(fault === undefined, fieldOf('input_schema'), fault ?? '');
  }
  if (defaultTtl) {
    const ttlMs = durationToMs(defaultTtl);
    check(
      ttlMs > 0 && ttlMs <= MAX_TTL_MS,
      fieldOf('default_ttl'),
      'must be more than zero and at most one hour',
    );
  }
}
